"""What changed for a bank since: what it was told, the newest first, and what an answer rests on as it is today."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from api.services.notification.notice import NoticeKind
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from ledger_node.chain.port import FactLedger
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.status import WORD_BITS, Plane

_TOLD: Final = table.notification.c
_RELIED: Final = table.reliance.c
_OF_ANSWERS: Final = frozenset({NoticeKind.REVOKED, NoticeKind.SUPERSEDED, NoticeKind.RESTORED})


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One thing that a bank was told. ``uses``: its answers that rest on the attestation it is about."""

    number: int
    kind: NoticeKind
    time: int
    consent: bytes | None
    request: bytes | None
    uses: tuple[bytes, ...] = ()

    @property
    def is_about_answers(self) -> bool:
        """Whether it is about data under answers that were given."""
        return self.kind in _OF_ANSWERS


@dataclass(frozen=True, slots=True)
class BasisChange:
    """An attestation under an answer that was revoked or superseded since."""

    attestation: bytes
    plane: Plane


class BankChanges:
    """Reads what changed."""

    def __init__(self, store: Store, ledger: FactLedger) -> None:
        self._store = store
        self._ledger = ledger

    def newest(self, bank: bytes, *, before: int | None = None, limit: int) -> list[ToldChange]:
        """Return what a bank was told, the newest first, from the one before the number ``before`` on."""
        mine = (_TOLD.recipient == bank) if before is None else (_TOLD.recipient == bank) & (_TOLD.number < before)
        query = select(table.notification).where(mine).order_by(_TOLD.number.desc()).limit(limit)
        told = [(row, decode(row.data.encode())) for row in self._store.rows(query)]
        shown = {attestation for _, data in told if (attestation := _id(data, "attestation")) is not None}
        uses: dict[bytes, list[bytes]] = {}
        with self._store.connect() as connection:
            relying = select(_RELIED.attestation, _RELIED.use).where(_RELIED.bank == bank, _RELIED.attestation.in_(IDS))
            for row in rows_among(connection, relying, sorted(shown)):
                uses.setdefault(row.attestation, []).append(row.use)
        return [_change(row, data, uses) for row, data in told]

    def of_answer(self, bank: bytes, use: bytes) -> list[BasisChange]:
        """Return which attestations under an answer are revoked or superseded now.

        Raises:
            ChainError: the ledger does not answer.
        """
        rows = self._store.rows(select(table.reliance).where(_RELIED.bank == bank, _RELIED.use == use))
        if not rows:
            return []
        places = frozenset((row.member, row.word * WORD_BITS + row.bit) for row in rows)
        status = self._ledger.facts(FactQuery(positions=places)).status
        return [
            BasisChange(row.attestation, plane)
            for row in rows
            for plane in (Plane.REVOKED, Plane.SUPERSEDED)
            if status[row.member, plane, row.word] >> row.bit & 1
        ]


def _change(row: Any, data: JSON, uses: dict[bytes, list[bytes]]) -> ToldChange:  # noqa: ANN401 - a row of the table
    attestation = _id(data, "attestation")
    return ToldChange(
        number=row.number,
        kind=NoticeKind(row.kind),
        time=row.time,
        consent=_id(data, "consent"),
        request=_id(data, "request"),
        uses=() if attestation is None else tuple(uses.get(attestation, ())),
    )


def _id(data: JSON, name: str) -> bytes | None:
    said = data.get(name) if isinstance(data, dict) else None
    return None if said is None else from_hex(said, name)
