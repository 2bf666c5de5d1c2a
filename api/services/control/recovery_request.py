"""Requests of recoveries on their way to the ledger: stored before they are sent, then seen there or refused for good.

Each has a number, which the ledger gives once. Where another recovery stands under it there, this one never will.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, delete, insert, select, update

from api.services.subject.controller_change import ChangeKind, ForeignEntryError, RefusedChange, close_refused
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Recovery, SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

_HELD: Final = table.subject_recovery.c


@dataclass(frozen=True, slots=True)
class StoredRecovery:
    """A stored recovery. ``entry``: the index that its controllers will have.

    ``completable_at``: block time, None while it is not known to be on the ledger.
    """

    subject: bytes
    number: int
    entry: int
    controllers: Controllers
    completable_at: int | None = None


class RecoveryRequests:
    """Stores requests and brings them to the ledger, one at a time for a subject, under its lock."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger

    def find(self, subject: bytes, number: int) -> StoredRecovery | None:
        """Return the recovery of a subject with this number."""
        return next(iter(self._select((_HELD.subject == subject) & (_HELD.number == number))), None)

    def subjects(self) -> list[bytes]:
        """Return the subjects for which a recovery was requested here, whatever became of it."""
        return self._store.scalars(select(_HELD.subject).distinct().order_by(_HELD.subject))

    def add(self, held: StoredRecovery) -> StoredRecovery:
        """Store a request and bring it to the ledger.

        Raises:
            ForeignEntryError: the ledger has another recovery in its place; the firm is told.
            ChainError: the ledger refuses, and nothing has changed; or it does not answer.
        """
        row = {
            "subject": held.subject,
            "number": held.number,
            "entry": held.entry,
            "controllers": json.dumps(held.controllers.to_json()),
            "commitment": held.controllers.commitment,
        }
        self._store.write(insert(table.subject_recovery).values(row))
        try:
            return self._confirm_on_chain(held)
        except ForeignEntryError as error:
            self._refuse(held, error.reason)
            raise
        except ContractRevertError:
            self._store.write(_deletion(held))
            raise

    def waiting(self) -> list[bytes]:
        """Return the subjects of which recoveries were requested here and are not known to be on the ledger."""
        return self._store.scalars(select(_HELD.subject).where(_HELD.completable_at.is_(None)).distinct())

    def confirm_pending(self, subject: bytes) -> None:
        """Bring the requests of a subject that wait to the ledger, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        for held in self._select((_HELD.subject == subject) & _HELD.completable_at.is_(None)):
            try:
                self._confirm_on_chain(held)
            except (ContractRevertError, ForeignEntryError) as error:
                # it never will be, and nobody else hears of it
                self._refuse(held, error.reason)

    def _confirm_on_chain(self, held: StoredRecovery) -> StoredRecovery:
        """See to it that a request is on the ledger, and return it as it is there.

        Raises:
            ForeignEntryError: the ledger has another recovery in its place.
            ContractRevertError: the ledger refuses it.
            ChainError: the ledger does not answer.
        """
        state = self._ledger.recovery(held.subject)
        if state.number < held.number:
            args = (held.subject, held.number, held.entry, held.controllers.commitment)
            try:
                self._ledger.request_recovery(*args)
            except ContractRevertError:
                # unless an earlier try had landed after all, it never will
                if self._ledger.recovery(held.subject).number < held.number:
                    raise
            state = self._ledger.recovery(held.subject)
        if state.number < held.number:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show this recovery yet; ask again")
        if not _is_shown(held, state):
            raise ForeignEntryError
        confirmed = replace(held, completable_at=state.completable_at)
        self._store.write(
            update(table.subject_recovery)
            .where(_HELD.subject == held.subject, _HELD.number == held.number)
            .values(completable_at=confirmed.completable_at)
        )
        return confirmed

    def _refuse(self, held: StoredRecovery, reason: Reason) -> None:
        """Delete a request that the ledger will never hold, and tell the firm why."""
        change = RefusedChange(held.subject, ChangeKind.RECOVERY, held.number, held.controllers.commitment, reason)
        close_refused(self._store, self._ledger, change, _deletion(held))

    def _select(self, condition: ColumnElement[bool]) -> list[StoredRecovery]:
        query = select(table.subject_recovery).where(condition).order_by(_HELD.subject, _HELD.number)
        return [_held(row) for row in self._store.rows(query)]


def _is_shown(held: StoredRecovery, state: Recovery) -> bool:
    """Return whether the ledger shows this request; of one that is over it shows the number, and no set."""
    return state.number == held.number and state.commitment in {None, held.controllers.commitment}


def _deletion(held: StoredRecovery) -> Delete:
    """Return what deletes a request, unless it is known to be on the ledger."""
    waiting = (_HELD.subject == held.subject) & (_HELD.number == held.number) & _HELD.completable_at.is_(None)
    return delete(table.subject_recovery).where(waiting)


def _held(row: Any) -> StoredRecovery:  # noqa: ANN401 - a row of the table
    controllers = Controllers.from_json(decode(row.controllers.encode()))
    return StoredRecovery(row.subject, row.number, row.entry, controllers, row.completable_at)
