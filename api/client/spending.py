"""How a bank spends the uses of its consents: a seed of its own, from which each consent gets a key, and signed uses.

The seed stays with the bank's own programs, unless the bank hands it to its instance: else the instance sees only
signatures. A key appears on the ledger for one consent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from api.catalogue.datatype import schemas
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed, UnsignedUse
from ledger_node.domain.ticket import LIFETIME, UseOrder
from ledger_node.domain.ticket_slot import by_department
from ledger_node.randomness import random_bytes

_ADDRESS_BYTES: Final = 20


def new_spend_seed() -> SpendSeed:
    """Return a seed that nobody has yet."""
    return SpendSeed(random_bytes(HASH_BYTES))


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
                Reason.CONFIGURATION,
                "the uses of this consent are spent by another seed than the one here: bring back the bank's file "
                "keys/NAME.spend-seed of then",
            )
        return cls(consent, terms, key, answering, domain)

    def sign(self, claims: Iterable[Claim], number: int, *, now: int) -> UseOrder:
        """Return the use ``number`` for exactly these claims, good for ten minutes from ``now`` on."""
        use = UnsignedUse.draft(
            self.consent,
            self.terms,
            by_department(claims, schemas()),
            number=number,
            answering=self.answering,
            not_after=now + LIFETIME,
            secrets=(random_bytes(HASH_BYTES), random_bytes(HASH_BYTES)),
        )
        return use.sign(self.key, self.domain)
