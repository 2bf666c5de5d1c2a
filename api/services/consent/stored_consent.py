"""Consents as they are stored."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, select

from api.storage import table
from api.storage.database import Store
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import NO_REQUEST, Terms, signatures_from_json
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

_REMEMBERED: Final = 4096
"""Consents that are kept as they were read; their words never change."""
_BY_ID: Final = select(table.consent).where(table.consent.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """A stored consent: what was signed, by whom, and the index of the controllers' entry.

    ``refusal``: why it grants nothing and never will, whatever the ledger holds under its id.
    """

    shown: ShownConsent
    entry: int
    on_ledger: bool
    text: str
    request: bytes
    refusal: Reason | None = None


def find_consents(store: Store, consents: Collection[bytes]) -> dict[bytes, HeldConsent]:
    """Return those of ``consents`` that are stored, by id."""
    with store.connect() as connection:
        rows = connection.execute(_BY_ID, {"ids": list(consents)}).all()
    return {row.id: held_of(row) for row in rows}


def stored_consent(store: Store, consent_id: bytes) -> HeldConsent:
    """Return a consent that is known to be stored: none is ever deleted."""
    return find_consents(store, [consent_id])[consent_id]


def held_of(row: Any) -> HeldConsent:  # noqa: ANN401 - a row of the consent table
    """Return the consent of a row."""
    shown = _shown(row.id, row.terms, row.signatures, row.controllers)
    refusal = None if row.refusal is None else Reason(row.refusal)
    return HeldConsent(shown, row.entry, row.transaction is not None, row.text, row.request, refusal)


@lru_cache(_REMEMBERED)
def _shown(consent: bytes, terms: str, signatures: str, controllers: str) -> ShownConsent:
    # whatever process wrote them, the same texts mean the same
    listed = decode(signatures.encode())
    assert isinstance(listed, list)  # noqa: S101 - written by grant()
    return ShownConsent(
        consent,
        Terms.from_json(decode(terms.encode())),
        signatures_from_json(listed),
        Controllers.from_json(decode(controllers.encode())),
    )


def state_name(record: ConsentRecord | None, now: int) -> str:
    """Return the state of a consent in one word: pending, live, early, paused, expired, exhausted or withdrawn."""
    if record is None:
        return "pending"
    if record.state is ConsentState.WITHDRAWN:
        return "withdrawn"
    if record.state is ConsentState.PAUSED and now < record.expires_at:
        return "paused"
    if now >= record.expires_at:
        return "expired"
    if record.uses >= record.max_uses:
        return "exhausted"
    return "early" if now < record.not_before else "live"


def consent_to_json(held: HeldConsent, record: ConsentRecord | None, now: int) -> dict[str, JSON]:
    """Return a consent as the API shows it; ``record``: what the ledger holds of it."""
    return {
        **held.shown.to_json(),
        "state": state_name(record, now) if held.refusal is None else "refused",
        "refusal": None if held.refusal is None else held.refusal.value,
        "text": held.text,
        "request": None if held.request == NO_REQUEST else to_hex(held.request),
        "uses": 0 if record is None else record.uses,
        "changes": 0 if record is None else record.changes,
        "granted_at": None if record is None else record.granted_at,
    }
