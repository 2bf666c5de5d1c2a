"""Requests for recoveries: stored before they are sent, and then seen on the ledger or refused for good."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from api.services.subject.refusal import ChangeKind, ForeignEntryError, RefusedChange, close_refused
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

_HELD: Final = table.subject_recovery.c


@dataclass(frozen=True, slots=True)
class HeldRecovery:
    """A stored recovery. ``requested_at``: block time, None while it is not known to be on the ledger."""

    subject: bytes
    number: int
    controllers: Controllers
    requested_at: int | None


class RecoveryRequests:
    """Stores requests and brings them to the ledger, one at a time for a subject, under its lock."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger

    def find(self, subject: bytes, number: int) -> HeldRecovery | None:
        """Return the recovery of a subject with this number."""
        return next(iter(self._select((_HELD.subject == subject) & (_HELD.number == number))), None)

    def request(self, subject: bytes, number: int, controllers: Controllers) -> HeldRecovery:
        """Store a request and bring it to the ledger.

        Raises:
            ForeignEntryError: the ledger has another recovery in its place; the firm is told.
            ChainError: the ledger refuses, and nothing has changed; or it does not answer.
        """
        row = {
            "subject": subject,
            "number": number,
            "controllers": json.dumps(controllers.to_json()),
            "commitment": controllers.commitment,
        }
        self._store.write(insert(table.subject_recovery).values(row))
        held = HeldRecovery(subject, number, controllers, None)
        try:
            return self._confirm_on_chain(held)
        except ForeignEntryError as error:
            self._refuse(held, error.reason)
            raise
        except ContractRevertError:
            with self._store.begin() as connection:
                _forget(connection, held)
            raise

    def waiting(self) -> list[bytes]:
        """Return the subjects of which recoveries were requested here and are not known to be on the ledger."""
        return self._store.scalars(select(_HELD.subject).where(_HELD.requested_at.is_(None)).distinct())

    def confirm_pending(self, subject: bytes) -> None:
        """Bring the requests of a subject that wait to the ledger, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        for held in self._select((_HELD.subject == subject) & _HELD.requested_at.is_(None)):
            try:
                self._confirm_on_chain(held)
            except (ContractRevertError, ForeignEntryError) as error:
                # it never will be, and nobody else hears of it
                self._refuse(held, error.reason)

    def _confirm_on_chain(self, held: HeldRecovery) -> HeldRecovery:
        """See to it that a request is on the ledger, and return it as it is there.

        Raises:
            ForeignEntryError: the ledger has another recovery in its place.
            ContractRevertError: the ledger refuses it.
            ChainError: the ledger does not answer.
        """
        state = self._ledger.recovery(held.subject)
        if state.number < held.number:
            try:
                self._ledger.request_recovery(held.subject, held.controllers.commitment)
            except ContractRevertError:
                # unless an earlier try had landed after all, it never will
                if self._ledger.recovery(held.subject).number < held.number:
                    raise
            state = self._ledger.recovery(held.subject)
        commitment = held.controllers.commitment
        if state.number < held.number:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show this recovery yet; ask again")
        is_there = state.number == held.number and state.commitment in {None, commitment}
        if not is_there and state.commitment != commitment:
            if self._ledger.is_on_way(held.subject):
                raise ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")
            raise ForeignEntryError
        # behind one of others that was faster it has a later number
        confirmed = replace(held, number=state.number, requested_at=state.requested_at)
        self._store.write(
            update(table.subject_recovery)
            .where(_HELD.subject == held.subject, _HELD.number == held.number)
            .values(number=confirmed.number, requested_at=confirmed.requested_at)
        )
        return confirmed

    def _refuse(self, held: HeldRecovery, reason: Reason) -> None:
        """Delete a request that the ledger will never hold, and tell the firm why."""
        change = RefusedChange(held.subject, ChangeKind.RECOVERY, held.number, held.controllers.commitment, reason)
        close_refused(self._store, self._ledger, change, lambda connection: _forget(connection, held))

    def _select(self, condition: ColumnElement[bool]) -> list[HeldRecovery]:
        query = select(table.subject_recovery).where(condition).order_by(_HELD.subject, _HELD.number)
        return [_held(row) for row in self._store.rows(query)]


def _forget(connection: Connection, held: HeldRecovery) -> bool:
    """Delete a request that is not known to be on the ledger, and return whether it was there."""
    waiting = (_HELD.subject == held.subject) & (_HELD.number == held.number) & _HELD.requested_at.is_(None)
    return connection.execute(delete(table.subject_recovery).where(waiting)).rowcount > 0


def _held(row: Any) -> HeldRecovery:  # noqa: ANN401 - a row of the table
    controllers = Controllers.from_json(decode(row.controllers.encode()))
    return HeldRecovery(row.subject, row.number, controllers, row.requested_at)
