"""Consents as they are stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, select

from api.services.consent.signed_act import find_resumption
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import NO_REQUEST, Bounds, Terms, signatures_from_json
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.consent_rule import is_resumed
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

MAX_LISTED: Final = 200
_CACHED: Final = 4096
"""Consents that stay in memory as they were read; what was signed never changes."""
WAITS: Final = table.consent.c.transaction.is_(None) & table.consent.c.refusal.is_(None)
"""What a grant is that is not known to be on the ledger and was not refused."""
_BY_ID: Final = select(table.consent).where(table.consent.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class StoredConsent:
    """A stored consent: what was signed, by whom, and the index of the controllers' entry.

    ``refusal``: why it grants nothing and never will, whatever the ledger holds under its id.
    """

    shown: ShownConsent
    entry: int
    on_ledger: bool
    text: str
    request: bytes
    refusal: Reason | None = None


class ConsentReader:
    """Finds, lists and shows consents."""

    def __init__(self, store: Store, ledger: ConsentLedger) -> None:
        self._store = store
        self._ledger = ledger

    def find(self, consent_id: bytes) -> StoredConsent | None:
        """Return a stored consent."""
        return self.find_all([consent_id]).get(consent_id)

    def find_all(self, consents: Collection[bytes]) -> dict[bytes, StoredConsent]:
        """Return those of ``consents`` that are stored, by id."""
        return {row.id: held_of(row) for row in self._store.rows(_BY_ID, {"ids": list(consents)})}

    def stored(self, consent_id: bytes) -> StoredConsent:
        """Return a consent that is known to be stored: none is ever deleted."""
        return self.find_all([consent_id])[consent_id]

    def of_subject(self, subject: bytes) -> list[StoredConsent]:
        """Return the newest consents that a subject granted."""
        return self._select(table.consent.c.subject == subject)

    def of_grantee(self, member: bytes) -> list[StoredConsent]:
        """Return the newest consents that a bank was granted."""
        return self._select(table.consent.c.grantee == member)

    def show(self, consents: Sequence[StoredConsent], *, now: int) -> list[dict[str, JSON]]:
        """Return consents as the API shows them, with what the newest block holds of them.

        The block may be old on a quiet ledger, so time is the later of its time and ``now``.
        """
        records, block = self._ledger.consents([held.shown.id for held in consents])
        at = max(now, block.time)
        return [
            consent_to_json(held, record, at, resumed=record is None or self.is_resumed(held.shown.id, record))
            for held, record in zip(consents, records, strict=True)
        ]

    def record_of(self, consent_id: bytes) -> ConsentRecord | None:
        """Return what the newest block holds of a consent."""
        (record,), _ = self._ledger.consents([consent_id])
        return record

    def find_resumption(self, consent_id: bytes, record: ConsentRecord) -> SignedAct | None:
        """Return the word of controllers that is kept by which a consent goes on, or None."""
        return find_resumption(self._store, consent_id, record)

    def is_resumed(self, consent_id: bytes, record: ConsentRecord) -> bool:
        """Return whether the word of controllers is kept here by which a live consent goes on; else it is paused."""
        return not is_resumed(record) or self.find_resumption(consent_id, record) is not None

    def _select(self, condition: ColumnElement[bool]) -> list[StoredConsent]:
        return [held_of(row) for row in self._store.rows(select(table.consent).where(condition).limit(MAX_LISTED))]


def held_of(row: Any) -> StoredConsent:  # noqa: ANN401 - a row of the consent table
    """Return the consent of a row."""
    shown = _shown(row.id, row.terms, row.bounds, row.signatures, row.controllers)
    refusal = None if row.refusal is None else Reason(row.refusal)
    return StoredConsent(shown, row.entry, row.transaction is not None, row.text, row.request, refusal)


@lru_cache(_CACHED)
def _shown(consent: bytes, terms: str, bounds: str, signatures: str, controllers: str) -> ShownConsent:
    # whatever process wrote them, the same texts mean the same
    listed = decode(signatures.encode())
    assert isinstance(listed, list)  # noqa: S101 - written by grant()
    return ShownConsent(
        consent,
        Terms.from_json(decode(terms.encode())),
        Bounds.from_json(decode(bounds.encode())),
        signatures_from_json(listed),
        Controllers.from_json(decode(controllers.encode())),
    )


def state_name(record: ConsentRecord | None, now: int, *, resumed: bool = True) -> str:
    """Return the state of a consent in one word: pending, live, early, paused, expired, exhausted or withdrawn.

    ``resumed``: whether the controllers' word is kept by which it goes on; without it, it counts as paused.
    """
    if record is None:
        return "pending"
    if record.state is ConsentState.WITHDRAWN:
        return "withdrawn"
    if (record.state is ConsentState.PAUSED or not resumed) and now < record.expires_at:
        return "paused"
    if now >= record.expires_at:
        return "expired"
    if record.uses >= record.max_uses:
        return "exhausted"
    return "early" if now < record.not_before else "live"


def consent_to_json(
    held: StoredConsent, record: ConsentRecord | None, now: int, *, resumed: bool = True
) -> dict[str, JSON]:
    """Return a consent as the API shows it; ``record``: what the ledger holds of it; ``resumed``: as ``state_name``."""
    return {
        **held.shown.to_json(),
        "state": state_name(record, now, resumed=resumed) if held.refusal is None else "refused",
        "refusal": None if held.refusal is None else held.refusal.value,
        "text": held.text,
        "request": None if held.request == NO_REQUEST else to_hex(held.request),
        "uses": 0 if record is None else record.uses,
        "free_numbers": [] if record is None else list(record.free_numbers),
        "changes": 0 if record is None else record.changes,
        "granted_at": None if record is None else record.granted_at or None,
    }
