"""Uses that an officer of a bank looks at before they are spent: the ticket is known first, and signed by a passkey.

Nothing is stored between the look and the click. What is drawn for a use follows from the bank's seed and from
``attempt``, which travels with the page. So a click that comes twice has one ticket, and spends one use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.consent.spend_seed import SpendSeeds
from api.services.consent.stored_consent import StoredConsent
from ledger_node.domain.claim import Claim
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed, UnsignedUse
from ledger_node.domain.ticket import LIFETIME, UseOrder
from ledger_node.domain.ticket_slot import by_department
from ledger_node.randomness import random_bytes

_ATTEMPT_BYTES: Final = HASH_BYTES


@dataclass(frozen=True, slots=True)
class PreparedUse:
    """A use that is not spent yet. ``attempt``: 32 random bytes; ``ticket``: what the officer's passkey signs.

    ``not_after``: in seconds; until then it may be spent.
    """

    attempt: bytes
    number: int
    not_after: int
    ticket: bytes


class PreparedUses:
    """Prepares uses for banks that handed their seeds over. ``find_record``: what the ledger holds of a consent."""

    def __init__(
        self,
        seeds: SpendSeeds,
        find_record: Callable[[bytes], ConsentRecord | None],
        *,
        answering: bytes,
        domain: SigningDomain,
    ) -> None:
        self._seeds = seeds
        self._find_record = find_record
        self._answering = answering
        self._domain = domain

    def prepare(self, consent: StoredConsent, claims: Sequence[Claim], *, now: int) -> PreparedUse:
        """Return a use of a consent for just these claims; it has an effect only when it is ordered.

        Raises:
            InvalidInputError: ``field_missing``, the bank's seed is not here.
            VerificationError: ``consent_exhausted``, no number is left; ``use_signature_wrong``.
            ChainError: the ledger does not answer.
        """
        self._key(consent)
        attempt, record = random_bytes(_ATTEMPT_BYTES), self._find_record(consent.shown.id)
        free = () if record is None else record.free_numbers
        if not free:
            raise VerificationError(Reason.CONSENT_EXHAUSTED, "all uses of this consent are spent")
        # two officers at the same time seldom take the same one
        number = min(free, key=lambda one: hmac_sha256(attempt, one.to_bytes(4, "big")))
        not_after = now + LIFETIME
        unsigned = self._unsigned(consent, claims, attempt, number, not_after)
        return PreparedUse(attempt, number, not_after, unsigned.ticket.digest(self._domain))

    def order(
        self, consent: StoredConsent, claims: Sequence[Claim], *, attempt: bytes, number: int, not_after: int
    ) -> UseOrder:
        """Return the use that was prepared, as the bank's spend key signs it.

        Raises:
            InvalidInputError: ``field_missing``, the bank took its seed back.
            VerificationError: ``use_signature_wrong``; the consent is that of another seed.
        """
        key = self._key(consent)
        return self._unsigned(consent, claims, attempt, number, not_after).sign(key, self._domain)

    def ticket(
        self, consent: StoredConsent, claims: Sequence[Claim], *, attempt: bytes, number: int, not_after: int
    ) -> bytes:
        """Return the ticket of a use that was prepared, which the officer's passkey signed.

        Raises:
            InvalidInputError: as ``order``.
        """
        return self._unsigned(consent, claims, attempt, number, not_after).ticket.digest(self._domain)

    def _seed(self, consent: StoredConsent) -> SpendSeed:
        return self._seeds.require(consent.shown.terms.grantee, "use")

    def _key(self, consent: StoredConsent) -> bytes:
        key = self._seed(consent).spend_key(consent.shown.terms.salt)
        if address_of(key) != consent.shown.bounds.spend_key:
            message = "the uses of this consent are spent by another seed than the one that is held here"
            raise VerificationError(Reason.USE_SIGNATURE_WRONG, message, field="use")
        return key

    def _unsigned(
        self, consent: StoredConsent, claims: Sequence[Claim], attempt: bytes, number: int, not_after: int
    ) -> UnsignedUse:
        if len(attempt) != _ATTEMPT_BYTES:
            raise InvalidInputError(Reason.VALUE_MALFORMED, "this page was changed; open it anew", field="attempt")
        return UnsignedUse.draft(
            consent.shown.id,
            consent.shown.terms,
            by_department(claims, schemas()),
            number=number,
            answering=self._answering,
            not_after=not_after,
            secrets=self._seed(consent).use_secrets(attempt),
        )
