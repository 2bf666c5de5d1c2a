"""How a use is signed: the seed of a bank, from which each of its consents gets a spend key, and an order out of it.

Whoever has the seed can spend the uses of all consents of its bank, and can do nothing else.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Self

from ledger_node.domain.consent import Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import SIGNATURE_BYTES, SigningKey
from ledger_node.domain.ticket import UseOrder, UseTicket, use_digest
from ledger_node.domain.ticket_slot import AskedByDepartment

_SPEND: Final = b"credence/spend-key"
_ANSWER: Final = b"credence/answer-key"
_NONCE: Final = b"credence/use-nonce"
_SLOTS: Final = b"credence/use-slots-seed"


@dataclass(frozen=True, slots=True)
class SpendSeed:
    """32 random bytes that a bank keeps for good."""

    secret: bytes = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote.

        Raises:
            InvalidInputError: it is no seed.
        """
        return cls(from_hex(text.strip(), "seed"))

    def to_text(self) -> str:
        """Return what stands in the bank's file."""
        return to_hex(self.secret)

    def spend_key(self, salt: bytes) -> bytes:
        """Return the private spend key for the consent whose terms have this salt."""
        return hmac_sha256(self.secret, _SPEND + salt)

    def answer_key(self, salt: bytes) -> bytes:
        """Return the private answer key for the request that has this salt."""
        return hmac_sha256(self.secret, _ANSWER + salt)

    def use_secrets(self, attempt: bytes) -> tuple[bytes, bytes]:
        """Return nonce and seed of slots for the use of one ``attempt``: 32 bytes that are drawn for it alone."""
        return hmac_sha256(self.secret, _NONCE + attempt), hmac_sha256(self.secret, _SLOTS + attempt)


@dataclass(frozen=True, slots=True)
class UnsignedUse:
    """A use of one consent that is not signed yet. ``asked``: its claims, by department."""

    consent: bytes
    terms: Terms
    asked: AskedByDepartment
    order: UseOrder

    @classmethod
    def draft(
        cls,
        consent: bytes,
        terms: Terms,
        asked: AskedByDepartment,
        *,
        number: int,
        answering: bytes,
        not_after: int,
        secrets: tuple[bytes, bytes],
    ) -> Self:
        """Return a use. ``answering``: the member that answers; ``secrets``: nonce and seed of slots."""
        nonce, seed = secrets
        unsigned = bytes(SIGNATURE_BYTES)
        order = UseOrder(
            number=number, answered_by=answering, not_after=not_after, nonce=nonce, seed=seed, signature=unsigned
        )
        return cls(consent, terms, asked, order)

    @property
    def ticket(self) -> UseTicket:
        """The ticket that it is for."""
        bank, purpose = self.terms.grantee, self.terms.purpose
        return self.order.ticket(consent=self.consent, bank=bank, purpose=purpose, asked=self.asked)

    def sign(self, key: bytes, domain: SigningDomain) -> UseOrder:
        """Return the order that the private spend key ``key`` signs."""
        ticket = self.ticket.digest(domain)
        digest = use_digest(self.consent, self.order.number, ticket, self.order.not_after, domain)
        return replace(self.order, signature=SigningKey(key).sign(digest))
