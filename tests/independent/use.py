"""Uses of a consent: the ticket of an answer, and the digest over all uses (clauses 8 and 17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .crypto import hashed_text, kdf, keccak, struct_hash, tagged, typed_digest, word
from .errors import need
from .strict import canonical, integer, items, members, octets

TICKET = (
    "UseTicket(uint16 version,bytes32 consent,uint32 number,bytes32 bank,string purpose,bytes32 answeredBy,"
    "bytes32 claimsRoot,uint64 notAfter,bytes32 nonce)"
)
USE = "Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)"
VERSION, SLOTS, LIFETIME, MAX_USES, MAX_TIME = 2, 16, 600, 96, 2**40 - 1


@dataclass(frozen=True)
class Counted:
    """A use that the ledger counted."""

    number: int
    ticket: bytes
    time: int


@dataclass(frozen=True)
class Use:
    """What a ticket follows from, and all uses in the order of the ledger."""

    number: int
    answered_by: bytes
    not_after: int
    nonce: bytes
    seed: bytes
    signature: bytes
    uses: list[Counted]

    def own(self) -> list[Counted]:
        """Those that have its number."""
        return [one for one in self.uses if one.number == self.number]

    def ticket(self, consent: bytes, bank: bytes, purpose: str, asked: Mapping[bytes, list[str]]) -> bytes:
        """hashStruct of the ticket for these claims, by department."""
        root = claims_root(self.seed, asked)
        head = VERSION, consent, self.number, bank, hashed_text(purpose), self.answered_by
        return struct_hash(TICKET, *head, root, self.not_after, self.nonce)


def use_digest(use: tuple[bytes, int, bytes, int], chain_id: int, contract: bytes) -> bytes:
    """What the spend key signs: consent, number, ticket, not after."""
    return typed_digest(chain_id, contract, struct_hash(USE, *use))


def uses_digest(consent: bytes, uses: Iterable[Counted]) -> bytes:
    """What the registry holds after these uses."""
    held = consent
    for one in uses:
        held = keccak(held, word(one.number), one.ticket, word(one.time))
    return held


def claims_root(seed: bytes, asked: Mapping[bytes, list[str]]) -> bytes:
    """The root of 16 salted slots, one a department that is asked by name."""
    need(len(asked) <= SLOTS, "too_large")
    slots = []
    for place in range(SLOTS):
        salt = kdf(seed, "slot", place)
        slots.append(tagged(0x59, salt))
        if place < len(asked):
            department = sorted(asked)[place]
            slots[-1] = tagged(0x57, salt, department, keccak(canonical(asked[department])))
    while len(slots) > 1:
        slots = [tagged(0x58, slots[i], slots[i + 1]) for i in range(0, len(slots), 2)]
    return slots[0]


def by_department(claims: Iterable[Any]) -> dict[bytes, list[str]]:
    """Texts of claims by each department that one of their parts names, zeros for none; each once, rising."""
    found: dict[bytes, set[str]] = {}
    for claim in claims:
        for part in claim.parts:
            found.setdefault(part.issuer or bytes(32), set()).add(claim.text)
    return {department: sorted(texts) for department, texts in found.items()}


def read(value: Any) -> Use:
    """The JSON of a use."""
    members(value, "number answered_by not_after nonce seed signature uses")
    return Use(
        integer(value["number"], 1, MAX_USES),
        octets(value["answered_by"], 32),
        integer(value["not_after"], 0, MAX_TIME),
        octets(value["nonce"], 32),
        octets(value["seed"], 32),
        octets(value["signature"], 65),
        [_counted(item) for item in items(value["uses"], MAX_USES)],
    )


def _counted(value: Any) -> Counted:
    members(value, "number ticket time")
    return Counted(
        integer(value["number"], 1, MAX_USES), octets(value["ticket"], 32), integer(value["time"], 0, MAX_TIME)
    )
