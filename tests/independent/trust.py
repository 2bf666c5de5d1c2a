"""The trust file and its fingerprint (clause 16)."""

import itertools
from dataclasses import dataclass
from typing import Any

from . import words
from .crypto import tagged
from .errors import need
from .strict import canonical, integer, items, members, octets, parse, text

INVALID = "trust_invalid"
LIMIT = 4 * 1024 * 1024
WITH_FACTS = ("MemberRegistry", "SchemaRegistry", "SubjectRegistry", "AnchorRegistry", "ConsentRegistry")
CONTRACTS = (*WITH_FACTS, "DisputeVerifier")


@dataclass(frozen=True)
class Era:
    """Blocks of one genesis. A mark: number and hash of a block."""

    genesis: bytes
    kind: str
    sets: list[tuple[int, list[bytes]]]
    begins: bytes | None
    ends: tuple[int, bytes] | None
    leads_on: bytes | None

    def sealers(self, number: int) -> list[bytes]:
        """Who seals a block: the last set that began by then; nobody before the first one."""
        begun = [addresses for start, addresses in self.sets if start <= number]
        return begun[-1] if begun else []


@dataclass(frozen=True)
class Trust:
    """What is believed beforehand."""

    chain_id: int
    contracts: dict[str, tuple[bytes, bytes]]
    marks: list[tuple[int, bytes]]
    eras: list[Era]
    fingerprint: str
    documents: list[words.Document]

    def address(self, name: str) -> bytes:
        """Where a contract is."""
        return self.contracts[name][0]

    def era(self, genesis: bytes) -> Era | None:
        """The era of a genesis, if there is one."""
        return next((era for era in self.eras if era.genesis == genesis), None)

    def marks_of(self, era: Era) -> list[tuple[int, bytes]]:
        """Blocks of an era that earlier ones have to lead to."""
        newest = self.marks if era is self.eras[-1] else []
        return newest + ([era.ends] if era.ends else [])


def read(value: Any) -> Trust:
    """A trust file, of bytes or of JSON that was read already."""
    value = parse(value, LIMIT) if isinstance(value, bytes) else value
    need(isinstance(value, dict), "type_wrong")
    members(value, "format chain_id contracts checkpoints eras" + (" wordings" if "wordings" in value else ""))
    need(text(value["format"]) == "credence-trust/v2", INVALID)
    members(value["contracts"], " ".join(CONTRACTS))
    contracts = {name: _contract(value["contracts"][name]) for name in CONTRACTS}
    chain_id = integer(value["chain_id"], 1)
    marks = [_mark(members(item, "block hash root")) for item in items(value["checkpoints"], 4096)]
    eras = [_era(item) for item in items(value["eras"], 64)]
    need(eras and len({era.genesis for era in eras}) == len(eras), INVALID)
    need(eras[0].begins is None, INVALID)
    need(all(a.ends and a.leads_on == b.begins for a, b in itertools.pairwise(eras)), INVALID)
    need(_rise([block for block, _ in marks]), INVALID)
    documents = [words.read(item) for item in items(value["wordings"], 64)] if "wordings" in value else []
    need(documents or "wordings" not in value, INVALID)
    need(all(one.digest < two.digest for one, two in itertools.pairwise(documents)), INVALID)
    compared = {name: member for name, member in value.items() if name != "checkpoints"}
    return Trust(chain_id, contracts, marks, eras, fingerprint(canonical(compared)), documents)


def _era(value: Any) -> Era:
    need(isinstance(value, dict), "type_wrong")
    has = [name for name in ("state_root", "ends") if name in value]
    members(value, " ".join(["genesis finality", *has]))
    finality = members(value["finality"], "kind sets")
    kind = text(finality["kind"])
    need(kind in ("sealer", "qbft"), INVALID)
    sets = [_set(item, kind) for item in items(finality["sets"], 4096)]
    need(sets and _rise([start for start, _ in sets]), INVALID)
    begins = octets(value["state_root"], 32) if "state_root" in has else None
    if "ends" not in has:
        return Era(octets(value["genesis"], 32), kind, sets, begins, None, None)
    end = members(value["ends"], "block hash root state_root")
    return Era(octets(value["genesis"], 32), kind, sets, begins, _mark(end), octets(end["state_root"], 32))


def _mark(value: Any) -> tuple[int, bytes]:
    octets(value["root"], 32)
    return integer(value["block"]), octets(value["hash"], 32)


def _rise(keys: list[Any]) -> bool:
    return all(a < b for a, b in itertools.pairwise(keys))


def _contract(value: Any) -> tuple[bytes, bytes]:
    members(value, "address code_hash")
    return octets(value["address"], 20), octets(value["code_hash"], 32)


def _set(value: Any, kind: str) -> tuple[int, list[bytes]]:
    members(value, "from_block addresses")
    addresses = [octets(address, 20) for address in items(value["addresses"], 256)]
    need(len(addresses) == 1 or (kind == "qbft" and addresses), INVALID)
    need(_rise(addresses), INVALID)
    return integer(value["from_block"]), addresses


def fingerprint(data: bytes) -> str:
    """Eight groups of five digits."""
    digits = f"{int.from_bytes(tagged(0x62, data)) % 10**40:040}"
    return " ".join(digits[i : i + 5] for i in range(0, 40, 5))
