"""How a bank spends the uses of its consents: a seed of its own, from which each consent gets a key, and signed uses.

Whoever holds the seed can spend the uses of all its consents, and can do nothing else. So it stays with the bank's own
programs: the instance sees signatures, and a key appears on the ledger for one consent only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self

from api.catalogue.datatype import schemas
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, SigningKey, address_of
from ledger_node.domain.ticket import LIFETIME, UseOrder, use_digest
from ledger_node.domain.ticket_slot import by_department
from ledger_node.randomness import random_bytes

_SPEND: Final = b"credence/spend-key"
_ANSWER: Final = b"credence/answer-key"
_ADDRESS_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class SpendSeed:
    """32 random bytes that a bank keeps for good."""

    secret: bytes = field(repr=False)

    @classmethod
    def draw(cls) -> Self:
        """Return a new one."""
        return cls(random_bytes(HASH_BYTES))

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


@dataclass(frozen=True, slots=True)
class OfferedSpendKey:
    """A spend key for a consent that a firm grants of its own accord; its terms take this salt."""

    salt: bytes
    address: bytes

    @classmethod
    def draw(cls, seed: SpendSeed) -> Self:
        """Return a new one."""
        salt = random_bytes(HASH_BYTES)
        return cls(salt, address_of(seed.spend_key(salt)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote.

        Raises:
            InvalidInputError: it is no such key.
        """
        both = from_hex(text, "spend_key", length=HASH_BYTES + _ADDRESS_BYTES)
        return cls(both[:HASH_BYTES], both[HASH_BYTES:])

    def to_text(self) -> str:
        """Return salt and address as one word, for the firm."""
        return to_hex(self.salt + self.address)


@dataclass(frozen=True, slots=True)
class Spending:
    """Signs the uses of one consent. ``answering``: the member that answers, and whose receipt counts."""

    consent: bytes
    terms: Terms
    key: bytes = field(repr=False)
    answering: bytes
    domain: SigningDomain

    @classmethod
    def of(
        cls, seed: SpendSeed, consent: bytes, terms: Terms, spend_key: bytes, *, answering: bytes, domain: SigningDomain
    ) -> Self:
        """Return who signs for a consent. ``spend_key``: the address in its bounds.

        Raises:
            InvalidInputError: ``configuration``; the consent was granted to another seed.
        """
        key = seed.spend_key(terms.salt)
        if address_of(key) != spend_key:
            raise InvalidInputError(
                Reason.CONFIGURATION, "the uses of this consent are spent by another seed than the one here"
            )
        return cls(consent, terms, key, answering, domain)

    def sign(self, claims: Iterable[Claim], number: int, *, now: int) -> UseOrder:
        """Return the use ``number`` for exactly these claims, good for ten minutes from ``now`` on."""
        order = UseOrder(
            number=number,
            answered_by=self.answering,
            not_after=now + LIFETIME,
            nonce=random_bytes(HASH_BYTES),
            seed=random_bytes(HASH_BYTES),
            signature=bytes(SIGNATURE_BYTES),
        )
        asked = by_department(claims, schemas())
        ticket = order.ticket(consent=self.consent, bank=self.terms.grantee, purpose=self.terms.purpose, asked=asked)
        digest = use_digest(self.consent, number, ticket.digest(self.domain), order.not_after, self.domain)
        return replace(order, signature=SigningKey(self.key).sign(digest))
