"""Who controls the subjects of this instance, now and at any time before.

The SubjectRegistry orders commitments; the store holds what was committed to. A change of controllers is stored before
it is sent. Nothing else happens to its subject until it is known whether the ledger holds the change. Others may bring
changes to the ledger as well: whoever is in force there, and is not known here, acts once somebody shows the set.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select

from api.services.subject.controller_change import (
    ControllerChanges,
    ControllerState,
    ForeignEntryError,
    NoneCountsError,
    deletion,
    find_known,
    refusals_of,
    unknown_to_json,
)
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.controller_entry import ControllerEntry
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import DECOY, Controllers, signature_to_json

_ENTRY: Final = table.subject_controllers.c
_PENDING: Final = _ENTRY.since.is_(None) & (_ENTRY.entry > 0)


class ControllerHistory:
    """All entries of the subjects of this instance, in step with the ledger: which one is in force only that says."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger
        self._changes = ControllerChanges(store, ledger)

    @contextmanager
    def locked(self, subject: bytes) -> Iterator[ControllerState]:
        """Lock a subject's controllers, and give the current ones.

        Whatever counts by who controls a subject at that moment happens under this lock: grants, changes of
        consents, and changes of controllers.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ForeignEntryError: others are in force, whom this instance does not know.
            NoneCountsError: nobody is in force.
            ChainError: an earlier change cannot be finished now; nothing is lost.
        """
        with self.settled(subject):
            current, is_stored = self._find(subject)
            if not is_stored:
                self._store_known(current)
            yield current

    @contextmanager
    def settled(self, subject: bytes) -> Iterator[None]:
        """Lock a subject whoever controls it, once nothing of it waits.

        Raises:
            ChainError: an earlier change cannot be finished now; nothing is lost.
        """
        with self._store.locks.lock("controllers", subject):
            for change in self._select((_ENTRY.subject == subject) & _PENDING):
                try:
                    self._changes.confirm_on_chain(change, self._known(subject))
                except (ContractRevertError, ForeignEntryError, NoneCountsError, VerificationError) as error:
                    # it never will be; the subject must not wait for it, and nobody else hears of it
                    self._changes.refuse(change, error.reason)
            yield

    @contextmanager
    def locked_or_decoy(self, subject: bytes) -> Iterator[Controllers]:
        """Lock a subject and give its current controllers; where nobody is known do the same work, and give a decoy.

        Raises:
            ChainError: as ``locked``, where the ledger does not answer.
        """
        with ExitStack() as stack:
            controllers = DECOY
            with suppress(InvalidInputError, ForeignEntryError, NoneCountsError):
                controllers = stack.enter_context(self.locked(subject)).controllers
            yield controllers

    def current(self, subject: bytes) -> ControllerState:
        """Return the controllers that the ledger shows in force; of a subject that is being registered the first ones.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ForeignEntryError: others are in force, whom this instance does not know.
            NoneCountsError: nobody is in force.
            ChainError: the ledger does not answer.
        """
        return self._find(subject)[0]

    def _find(self, subject: bytes) -> tuple[ControllerState, bool]:
        """Return what ``current`` does, and whether its entry is stored."""
        stored, completable = self.of(subject), self._completable(subject)
        # asked for whether there is such a subject or not, so that the work is the same
        held = self._ledger.current_entry(subject)
        if not stored:
            raise _no_subject()
        if held is None and stored[0].since is None:
            return stored[0], True
        found = find_known([*stored, *completable], held)
        is_stored = any(found is one for one in stored)
        return (found if held is None else replace(found, since=held[1].since)), is_stored

    def find_current(self, subject: bytes) -> Controllers | None:
        """Return the current controllers of a subject, erased or not, or None where this instance knows of none.

        Raises:
            ChainError: the ledger does not answer.
        """
        with suppress(InvalidInputError, ForeignEntryError, NoneCountsError):
            return self.current(subject).controllers
        return None

    def shown(self, subject: bytes) -> tuple[dict[str, JSON], Controllers | None]:
        """Return the entry in force as the subject and the registrar see it, and its controllers if they are known.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ChainError: the ledger does not answer.
        """
        with suppress(ForeignEntryError, NoneCountsError):
            current = self.current(subject)
            return current.to_json(), current.controllers
        # whoever acts on it needs the numbers all the more
        return unknown_to_json(self._ledger.current_entry(subject)), None

    def require_known(self, subject: bytes) -> None:
        """Require that this instance has a subject.

        Raises:
            InvalidInputError: ``not_found``.
        """
        if not self.of(subject):
            raise _no_subject()

    def find_foreign(self, subject: bytes, index: int) -> ControllerEntry | None:
        """Return what the ledger holds at an index where this instance knows no entry.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ChainError: the ledger does not answer.
        """
        known = self.of(subject)
        if not known:
            raise _no_subject()
        if any(one.entry == index and one.since is not None for one in known):
            return None
        return self._ledger.controller_entry(subject, index)

    def require_no_hold(self, subject: bytes, now: int) -> None:
        """Require that a subject is not held now, so that it may grant, resume and be asked about.

        Raises:
            VerificationError: ``subject_on_hold``.
            ChainError: the ledger does not answer.
        """
        until = self._ledger.standing_of(subject).held_until
        # a quiet ledger's newest block may be older than any clock says
        if max(now, self._ledger.head().time) < until:
            raise VerificationError(
                Reason.SUBJECT_ON_HOLD, "this firm is held; until that is over only withdrawals and recoveries go on"
            )

    def of(self, subject: bytes) -> list[ControllerState]:
        """Return all entries of a subject, in their order."""
        return self._select(_ENTRY.subject == subject)

    def refused(self, subject: bytes) -> list[dict[str, JSON]]:
        """Return the changes of a subject that were refused, the oldest first."""
        return refusals_of(self._store, subject)

    def add_first(self, connection: Connection, subject: bytes, controllers: Controllers) -> None:
        """Store the first controllers in the transaction that stores their subject; registering makes them count."""
        connection.execute(insert(table.subject_controllers).values(_row(ControllerState(subject, 0, controllers))))

    def first(self, subject: bytes) -> ControllerState:
        """Return the controllers that a subject is or will be registered with."""
        (first,) = self._select((_ENTRY.subject == subject) & (_ENTRY.entry == 0))
        return first

    def confirm_first(self, subject: bytes) -> None:
        """Save since when a subject is registered on the ledger.

        Raises:
            ChainError: the ledger does not show it.
        """
        self._changes.save_since(self.first(subject), self._ledger.controller_entry(subject, 0))

    def append(self, change: ControllerState) -> ControllerState:
        """Put the controllers of a change in force, under the subject's lock.

        Raises:
            ForeignEntryError: the ledger shows another entry there; the change is refused for good, and the firm told.
            ChainError: the ledger refuses, and nothing has changed; or it does not answer, and the change is finished
                by asking again, by the next act of the subject, or by itself.
        """
        self._store.write(insert(table.subject_controllers).values(_row(change)))
        try:
            self._changes.confirm_on_chain(change, self._known(change.subject))
        except ForeignEntryError as error:
            self._changes.refuse(change, error.reason)
            raise
        except (ContractRevertError, NoneCountsError, VerificationError):
            self._store.write(deletion(change))
            raise
        return self.current(change.subject)

    def adopt(self, change: ControllerState, held: ControllerEntry) -> ControllerState:
        """Store an entry that the ledger holds and that others brought there, once somebody shows its controllers.

        Raises:
            ForeignEntryError: it is of other controllers.
        """
        if held.commitment != change.controllers.commitment:
            raise ForeignEntryError
        found = replace(change, since=held.since)
        self._store_known(found)
        return found

    def waiting(self) -> list[bytes]:
        """Return the subjects of which changes are stored and not known to be on the ledger."""
        return self._store.scalars(select(_ENTRY.subject).where(_PENDING).distinct())

    def resume(self, subject: bytes) -> None:
        """Finish the changes of a subject that wait, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self.settled(subject):
            pass

    def _known(self, subject: bytes) -> list[ControllerState]:
        """Return all entries of a subject, and what recoveries would become that may have completed elsewhere."""
        return [*self.of(subject), *self._completable(subject)]

    def _completable(self, subject: bytes) -> list[ControllerState]:
        query = select(table.subject_recovery).where(table.subject_recovery.c.subject == subject)
        return [
            ControllerState(
                subject, row.entry, Controllers.from_json(decode(row.controllers.encode())), recovery=row.number
            )
            for row in self._store.rows(query)
        ]

    def _store_known(self, state: ControllerState) -> None:
        if state.since is None or any(one.entry == state.entry for one in self.of(state.subject)):
            return
        self._store.write(insert(table.subject_controllers).values(_row(state)))

    def _select(self, condition: ColumnElement[bool]) -> list[ControllerState]:
        query = select(table.subject_controllers).where(condition).order_by(_ENTRY.subject, _ENTRY.entry)
        return [ControllerState.of_row(row) for row in self._store.rows(query)]


def _no_subject() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "there is no such subject")


def _row(state: ControllerState) -> dict[str, Any]:
    return {
        "subject": state.subject,
        "entry": state.entry,
        "controllers": json.dumps(state.controllers.to_json()),
        "commitment": state.controllers.commitment,
        "recovery": state.recovery,
        "signatures": json.dumps([signature_to_json(signature) for signature in state.signatures]),
        "since": state.since,
        "deadline": state.deadline,
        "lines": json.dumps(state.lines, ensure_ascii=False) if state.lines else None,
    }
