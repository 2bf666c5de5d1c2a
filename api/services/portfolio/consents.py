"""The consents of a bank by their end, however many there are.

What was signed never changes, so what a list is sorted by stays in memory; only what is shown asks the ledger.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from api.services.consent.stored_consent import ConsentReader, StoredConsent, state_name
from api.storage import table
from api.storage.database import Store
from api.storage.store import chunks
from ledger_node.chain.port import ConsentLedger

_CONSENT: Final = table.consent.c
_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """A consent that a bank was granted, as lists need it; times in seconds."""

    id: bytes
    subject: bytes
    purpose: str
    not_before: int
    expires_at: int
    retention_days: int


@dataclass(frozen=True, slots=True)
class ConsentStanding:
    """A consent of a bank with how it stands now. ``state``: as ``state_name``, or ``refused``."""

    consent: StoredConsent
    state: str
    uses: int
    granted_at: int | None

    @property
    def uses_left(self) -> int:
        """How often it may still be used, if its state allows that."""
        return max(0, self.consent.shown.bounds.max_uses - self.uses)


class BankConsents:
    """Lists the consents of banks."""

    def __init__(self, store: Store, ledger: ConsentLedger, consents: ConsentReader) -> None:
        self._store = store
        self._ledger = ledger
        self._consents = consents
        self._known: dict[bytes, HeldConsent] = {}

    def of(self, bank: bytes, *, now: int) -> list[HeldConsent]:
        """Return the consents of a bank: those that run by their end, then those that ended, the latest first."""
        mine = (_CONSENT.grantee == bank) & _CONSENT.refusal.is_(None)
        ids = self._store.scalars(select(_CONSENT.id).where(mine))
        self._load([one for one in ids if one not in self._known])
        held = [self._known[one] for one in ids]
        running = sorted((one for one in held if one.expires_at > now), key=lambda one: (one.expires_at, one.id))
        ended = sorted((one for one in held if one.expires_at <= now), key=lambda one: (-one.expires_at, one.id))
        return [*running, *ended]

    def standings(self, ids: Collection[bytes], *, now: int) -> list[ConsentStanding]:
        """Return how consents stand that are stored, in the order of ``ids``.

        Raises:
            ChainError: the ledger does not answer.
        """
        found = self._consents.find_all(ids)
        held = [found[one] for one in ids if one in found]
        records, block = self._ledger.consents([one.shown.id for one in held])
        at = max(now, block.time)
        return [
            ConsentStanding(
                consent=one,
                state="refused"
                if one.refusal is not None
                else state_name(record, at, resumed=record is None or self._consents.is_resumed(one.shown.id, record)),
                uses=0 if record is None else record.uses,
                granted_at=None if record is None else record.granted_at or None,
            )
            for one, record in zip(held, records, strict=True)
        ]

    def _load(self, ids: Sequence[bytes]) -> None:
        if len(self._known) + len(ids) > _REMEMBERED:
            self._known.clear()
        for some in chunks(ids):
            for one in self._consents.find_all(some).values():
                terms, bounds = one.shown.terms, one.shown.bounds
                self._known[one.shown.id] = HeldConsent(
                    one.shown.id,
                    terms.subject,
                    terms.purpose,
                    bounds.not_before,
                    bounds.expires_at,
                    terms.retention_days,
                )
