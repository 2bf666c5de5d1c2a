"""Recoveries: a registrar puts other controllers in the place of those that lost their keys.

The registrar has checked the firm's papers; no key vouches for them. So everybody sees a recovery coming: it waits 72
hours on the ledger. Until it is completed, any one current controller can cancel it. Only the ledger says whether one
is pending; the store holds which controllers it is for.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, delete, insert, select, update

from api.services.consent.lifecycle import ConsentService
from api.services.control.rotation import require_change
from api.services.subject.controller_change import (
    ChangeKind,
    ControllerState,
    ForeignEntryError,
    RefusedChange,
    close_refused,
)
from api.services.subject.registered_subject import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Recovery, Role, SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.controller_act import Cancellation
from ledger_node.domain.subject import Controllers, Signature

_HELD: Final = table.subject_recovery.c


@dataclass(frozen=True, slots=True)
class StoredRecovery:
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

    def find(self, subject: bytes, number: int) -> StoredRecovery | None:
        """Return the recovery of a subject with this number."""
        return next(iter(self._select((_HELD.subject == subject) & (_HELD.number == number))), None)

    def add(self, subject: bytes, number: int, controllers: Controllers) -> StoredRecovery:
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
        held = StoredRecovery(subject, number, controllers, None)
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

    def _confirm_on_chain(self, held: StoredRecovery) -> StoredRecovery:
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

    def _refuse(self, held: StoredRecovery, reason: Reason) -> None:
        """Delete a request that the ledger will never hold, and tell the firm why."""
        change = RefusedChange(held.subject, ChangeKind.RECOVERY, held.number, held.controllers.commitment, reason)
        close_refused(self._store, self._ledger, change, _deletion(held))

    def _select(self, condition: ColumnElement[bool]) -> list[StoredRecovery]:
        query = select(table.subject_recovery).where(condition).order_by(_HELD.subject, _HELD.number)
        return [_held(row) for row in self._store.rows(query)]


def _deletion(held: StoredRecovery) -> Delete:
    """Return what deletes a request, unless it is known to be on the ledger."""
    waiting = (_HELD.subject == held.subject) & (_HELD.number == held.number) & _HELD.requested_at.is_(None)
    return delete(table.subject_recovery).where(waiting)


def _held(row: Any) -> StoredRecovery:  # noqa: ANN401 - a row of the table
    controllers = Controllers.from_json(decode(row.controllers.encode()))
    return StoredRecovery(row.subject, row.number, controllers, row.requested_at)


class RecoveryService(RecoveryRequests):
    """Requests, cancels and completes recoveries, one at a time for a subject."""

    def __init__(
        self, store: Store, ledger: SubjectLedger, history: ControllerHistory, consents: ConsentService
    ) -> None:
        super().__init__(store, ledger)
        self._history = history
        self._consents = consents

    def request(self, subject: bytes, controllers: Controllers) -> StoredRecovery:
        """Begin to wait; asking again for the same keys while it is pending returns the same recovery.

        Raises:
            InvalidInputError: ``not_found``, ``controllers_unchanged``, or ``recovery_pending`` to other controllers.
            ChainError: the ledger refuses or does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign``: the ledger shows a recovery there that this instance did not send.
        """
        with self._history.locked(subject) as current:
            self.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if state.commitment is not None:
                return self._same(subject, state, controllers)
            require_change(current, controllers)
            return self.add(subject, state.number + 1, controllers)

    def cancel(self, subject: bytes, number: int, signatures: tuple[Signature, ...] | None) -> None:
        """Cancel on the signature of any one current controller; None: the registrar itself calls it off.

        Raises:
            InvalidInputError: ``not_found``, or ``recovery_not_pending``: never requested, or completed.
            VerificationError: nobody of the current controllers signed this.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        with self._history.locked(subject) as current:
            commitment = self._commitment(subject, number)
            if signatures is not None:
                digest = cancellation_digest(subject, number, commitment, self._ledger.subject_domain)
                current.controllers.require_any_signature(digest, signatures)
            self.confirm_pending(subject)
            if self._completed(subject, number) is not None:
                raise _not_pending("it was completed")
            if _is_pending(self._ledger.recovery(subject), number):
                by = Role.REGISTRAR if signatures is None else Role.RELAYER
                self._ledger.cancel_recovery(subject, number, by=by)

    def complete(self, subject: bytes, number: int) -> ControllerState:
        """Put the controllers of a pending recovery in force; asking again returns what they became.

        Raises:
            InvalidInputError: ``not_found``, or ``recovery_not_pending``: never requested, or cancelled.
            ChainError: ``recovery_early`` before 72 hours are over; the ledger refuses or does not answer.
        """
        with self._history.locked(subject) as current:
            completed = self._completed(subject, number)
            if completed is not None:
                return completed
            held = self._find(subject, number)
            self.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if not _is_pending(state, number):
                raise _not_pending("it was cancelled")
            if state.commitment != held.controllers.commitment:
                raise _not_pending("the ledger holds another one under it, which this instance did not request")
            self._consents.send_pending(current)
            return self._history.append(current, held.controllers, recovery=number)

    def pending(self, subject: bytes) -> dict[str, JSON] | None:
        """Return the recovery that waits, as the subject and the registrar see it.

        Raises:
            ChainError: the ledger does not answer.
        """
        state = self._ledger.recovery(subject)
        if state.commitment is None:
            return None
        held = self.find(subject, state.number)
        if held is not None and held.controllers.commitment != state.commitment:
            held = None
        return {
            "number": state.number,
            "commitment": to_hex(state.commitment),
            "requested_at": state.requested_at,
            "completable_at": state.completable_at,
            "controllers": None if held is None else held.controllers.to_json(),
        }

    def resume(self, subject: bytes) -> None:
        """Finish the requests of a subject that wait, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._history.locked(subject):
            self.confirm_pending(subject)

    def _same(self, subject: bytes, state: Recovery, controllers: Controllers) -> StoredRecovery:
        held = self.find(subject, state.number)
        if held is None or held.controllers.commitment != state.commitment:
            raise InvalidInputError(
                Reason.RECOVERY_PENDING,
                f"recovery {state.number}, which this instance did not request, is pending; cancel it first",
            )
        if not held.controllers.same_signers(controllers):
            raise InvalidInputError(
                Reason.RECOVERY_PENDING,
                f"recovery {state.number} to other controllers is pending; cancel it or wait for its end",
            )
        return held

    def _commitment(self, subject: bytes, number: int) -> bytes:
        """Return what a recovery is for: by the ledger while it is pending, so that one of others can be cancelled."""
        state = self._ledger.recovery(subject)
        if state.number == number and state.commitment is not None:
            return state.commitment
        return self._find(subject, number).controllers.commitment

    def _completed(self, subject: bytes, number: int) -> ControllerState | None:
        return next((one for one in self._history.of(subject) if one.recovery == number), None)

    def _find(self, subject: bytes, number: int) -> StoredRecovery:
        held = self.find(subject, number)
        if held is None:
            raise _not_pending("it was never requested")
        return held


def _is_pending(state: Recovery, number: int) -> bool:
    return state.commitment is not None and state.number == number


def _not_pending(why: str) -> InvalidInputError:
    return InvalidInputError(Reason.RECOVERY_NOT_PENDING, f"no recovery of this number is pending: {why}")
