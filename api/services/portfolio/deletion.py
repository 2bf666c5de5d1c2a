"""Answers that a bank must delete, as the firm agreed to so many days; and what it says it has deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from api.services.portfolio.consents import BankConsents, HeldConsent
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_DAY: Final = 86_400
_USE: Final = table.counted_use.c
_DELETION: Final = table.answer_deletion
_DELETED: Final = _DELETION.c
_OF_CONSENTS: Final = select(_USE.consent, _USE.ticket, _USE.time).where(_USE.consent.in_(IDS))
_GRANTEE: Final = (
    select(table.consent.c.grantee)
    .join(table.counted_use, _USE.consent == table.consent.c.id)
    .where(_USE.ticket == bindparam("use"))
)


_HISTORY: Final = (
    select(_USE.consent, _USE.number, _USE.ticket, _USE.time, table.evidence.c.digest, _DELETED.time.label("deleted"))
    .join(table.consent, table.consent.c.id == _USE.consent)
    .outerjoin(table.evidence, table.evidence.c.use == _USE.ticket)
    .outerjoin(_DELETION, _DELETED.use == _USE.ticket)
    .where(table.consent.c.grantee == bindparam("bank"))
    .order_by(_USE.time.desc(), _USE.ticket)
)


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """A use that a bank's consent was spent for. ``evidence``: its digest, where it is here; times in seconds."""

    use: bytes
    consent: bytes
    number: int
    time: int
    evidence: bytes | None
    deleted_at: int | None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that a bank has, and until when it may keep it; times in seconds."""

    use: bytes
    consent: HeldConsent
    answered_at: int

    @property
    def delete_by(self) -> int:
        """From when on the bank must have deleted it."""
        return self.answered_at + self.consent.retention_days * _DAY


class AnswerDeletions:
    """Says what is to be deleted, and takes note of what was."""

    def __init__(self, store: Store, consents: BankConsents) -> None:
        self._store = store
        self._consents = consents

    def kept(self, bank: bytes, *, now: int) -> list[KeptAnswer]:
        """Return the answers of a bank that it has not deleted, those first that are to be deleted first."""
        held = {one.id: one for one in self._consents.of(bank, now=now)}
        with self._store.connect() as connection:
            rows = list(rows_among(connection, _OF_CONSENTS, held))
            gone = set(connection.execute(select(_DELETED.use).where(_DELETED.bank == bank)).scalars())
        answers = [KeptAnswer(row.ticket, held[row.consent], row.time) for row in rows if row.ticket not in gone]
        return sorted(answers, key=lambda one: (one.delete_by, one.use))

    def history(self, bank: bytes, *, limit: int) -> list[PastAnswer]:
        """Return the uses of a bank's consents as far as they are kept here, the newest first."""
        rows = self._store.rows(_HISTORY.limit(limit), {"bank": bank})
        return [PastAnswer(row.ticket, row.consent, row.number, row.time, row.digest, row.deleted) for row in rows]

    def due(self, bank: bytes, *, now: int) -> list[KeptAnswer]:
        """Return the answers whose retention is over."""
        return [one for one in self.kept(bank, now=now) if one.delete_by <= now]

    def note_deleted(self, bank: bytes, use: bytes, *, staff: bytes, now: int) -> None:
        """Take note that a bank has deleted an answer; its evidence goes here too. Saying so twice changes nothing.

        Raises:
            InvalidInputError: ``not_found``, also for an answer of another bank.
        """
        with self._store.begin() as connection:
            if connection.execute(_GRANTEE, {"use": use}).scalar() != bank:
                raise InvalidInputError(Reason.NOT_FOUND, "there is no answer of yours with this use")
            if connection.execute(select(_DELETED.use).where(_DELETED.use == use)).first() is None:
                row = {"use": use, "bank": bank, "staff": staff, "time": now}
                connection.execute(insert(table.answer_deletion).values(row))
            for kept in (table.evidence, table.reliance):
                connection.execute(delete(kept).where(kept.c.use == use, kept.c.bank == bank))

    def is_deleted(self, bank: bytes, use: bytes) -> bool:
        """Return whether a bank says that it has deleted an answer of its own."""
        mine = (_DELETED.use == use) & (_DELETED.bank == bank)
        return self._store.row(select(_DELETED.use).where(mine)) is not None


def due_of(answers: Sequence[KeptAnswer], consent: bytes) -> list[KeptAnswer]:
    """Return the answers under one consent, in their order."""
    return [one for one in answers if one.consent.id == consent]
