"""Uses of a consent: the ticket that one use is for, the bank's signature of it, and the digest over all of them.

A use spends one number of its consent for exactly one ticket. The ticket names who answers, until when, and by a root
of slots what was asked. Its digest is the use's id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_scope import MAX_SECONDS, MAX_USES
from ledger_node.domain.eip712 import SignedType, SigningDomain, bytes32, number, text, uint_word
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, recover
from ledger_node.domain.ticket_slot import AskedByDepartment, claims_root

VERSION: Final = 2
LIFETIME: Final = 600
"""Seconds: a use is not signed for longer, by the bank's clock, and is answered within so many of block time."""
_V_BIT: Final = 255
_V_OFFSET: Final = 27
_USE_TYPE: Final = keccak(b"Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)")
TICKET_TYPE: Final = SignedType(
    "UseTicket",
    (
        number("version", 16, VERSION, VERSION),
        bytes32("consent"),
        number("number", 32, 1, MAX_USES),
        bytes32("bank"),
        text("purpose"),
        bytes32("answeredBy"),
        bytes32("claimsRoot"),
        number("notAfter", 64, 0, MAX_SECONDS),
        bytes32("nonce"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTicket:
    """What one use is for. ``answered_by``: the member whose receipt counts. ``not_after``: seconds since 1970."""

    version: int = VERSION
    consent: bytes
    number: int
    bank: bytes
    purpose: str
    answered_by: bytes
    claims_root: bytes
    not_after: int
    nonce: bytes

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the ticket under the ConsentRegistry's domain (EIP-712): the id of the use."""
        return domain.digest(TICKET_TYPE.struct_hash(self))

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return TICKET_TYPE.to_json(self)

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        said: dict[str, Any] = TICKET_TYPE.read(JsonObject(value, "ticket"))
        return cls(**said)


@dataclass(frozen=True, slots=True)
class SignedUse:
    """A use as the spend key signed it: 65 bytes r || s || v over its digest."""

    consent: bytes
    number: int
    ticket: bytes
    not_after: int
    signature: bytes

    @classmethod
    def short_form(cls, consent: bytes, number: int, ticket: bytes, not_after: int, r: bytes, vs: bytes) -> Self:
        """Return a use whose signature is in its short form (EIP-2098)."""
        both = int.from_bytes(vs, "big")
        s, v = both & (1 << _V_BIT) - 1, both >> _V_BIT
        return cls(consent, number, ticket, not_after, r + uint_word(s) + bytes([_V_OFFSET + v]))

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what the spend key signs (EIP-712)."""
        return use_digest(self.consent, self.number, self.ticket, self.not_after, domain)

    @property
    def short(self) -> tuple[bytes, bytes]:
        """The signature in its short form, r and vs (EIP-2098), as the contract takes it."""
        s, v = int.from_bytes(self.signature[32:64], "big"), self.signature[64] - _V_OFFSET
        return self.signature[:32], uint_word(s | v << _V_BIT)

    def require_signed_by(self, spend_key: bytes, domain: SigningDomain) -> None:
        """Require that the consent's spend key signed.

        Raises:
            VerificationError: ``signature_malformed`` or ``use_signature_wrong``.
        """
        if recover(self.digest(domain), self.signature) != spend_key:
            raise VerificationError(
                Reason.USE_SIGNATURE_WRONG, "the consent's spend key signed no use with this number, ticket and time"
            )


def use_digest(consent: bytes, number: int, ticket: bytes, not_after: int, domain: SigningDomain) -> bytes:
    """Return what the spend key signs for one use (EIP-712)."""
    words = consent + uint_word(number) + ticket + uint_word(not_after)
    return domain.digest(keccak(_USE_TYPE + words))


class CountedUse(NamedTuple):
    """One use that the ledger counted; ``time`` is that of its block."""

    number: int
    ticket: bytes
    time: int


def uses_digest(consent: bytes, uses: Iterable[CountedUse]) -> bytes:
    """Return the digest that the ledger holds after these uses, in the order in which it counted them."""
    digest = consent
    for use in uses:
        digest = keccak(digest + uint_word(use.number) + use.ticket + uint_word(use.time))
    return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class UseOrder:
    """What a bank sends beside its questions: the ticket follows from both, and ``signature`` is the spend key's.

    ``seed`` and ``nonce`` are 32 random bytes each, drawn for this one ticket.
    """

    number: int
    answered_by: bytes
    not_after: int
    nonce: bytes
    seed: bytes = field(repr=False)
    signature: bytes

    def ticket(self, *, consent: bytes, bank: bytes, purpose: str, asked: AskedByDepartment) -> UseTicket:
        """Return the ticket that this order is for.

        Raises:
            InvalidInputError: ``too_large``, as ``claims_root``.
        """
        return UseTicket(
            consent=consent,
            number=self.number,
            bank=bank,
            purpose=purpose,
            answered_by=self.answered_by,
            claims_root=claims_root(asked, self.seed),
            not_after=self.not_after,
            nonce=self.nonce,
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "number": self.number,
            "answered_by": to_hex(self.answered_by),
            "not_after": self.not_after,
            "nonce": to_hex(self.nonce),
            "seed": to_hex(self.seed),
            "signature": to_hex(self.signature),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "use") as record:
            return cls(
                number=record.integer("number", low=1, high=MAX_USES),
                answered_by=record.blob("answered_by"),
                not_after=record.integer("not_after", high=MAX_SECONDS),
                nonce=record.blob("nonce"),
                seed=record.blob("seed"),
                signature=record.blob("signature", length=SIGNATURE_BYTES),
            )
