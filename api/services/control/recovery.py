"""Recoveries: a registrar puts other controllers in the place of those that lost their keys.

The registrar has checked the firm's papers; no key vouches for them. So everybody sees a recovery coming: it waits 72
hours on the ledger at least. Until it is completed the current controllers can cancel it: the first time any one of
them, and again within a year as many persons as must sign. Only the ledger says whether one is pending, and for how
long; the store holds which controllers it is for.
"""

from contextlib import suppress

from api.services.consent.lifecycle import ConsentService
from api.services.control.recovery_request import RecoveryRequests, StoredRecovery
from api.services.control.rotation import require_change, require_in_time
from api.services.subject.controller_change import ControllerState, ForeignEntryError, NoneCountsError
from api.services.subject.controller_history import ControllerHistory
from api.storage.database import Store
from ledger_node.chain.port import Recovery, SubjectLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.controller_act import Cancellation
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, Signature


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

        Whoever controls the subject now, this instance need not know them.

        Raises:
            InvalidInputError: ``not_found``, ``controllers_unchanged``, or ``recovery_pending`` to other controllers.
            ChainError: the ledger refuses or does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign``: the ledger shows a recovery there that this instance did not send.
        """
        with self._history.settled(subject):
            self._history.require_known(subject)
            self.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if state.commitment is not None:
                return self._same(subject, state, controllers)
            current = self._current(subject)
            if current is not None:
                require_change(current, controllers)
            entry = self._ledger.entry_count(subject)
            return self.add(StoredRecovery(subject, state.number + 1, entry, controllers))

    def cancel(
        self, subject: bytes, number: int, signatures: tuple[Signature, ...], deadline: int, *, now: int
    ) -> None:
        """Cancel on signatures of current controllers: any one, or as many persons as the ledger wants by now.

        Raises:
            InvalidInputError: ``not_found``, ``signatures_late``, or ``recovery_not_pending``: never requested, or
                completed.
            VerificationError: too few of the current controllers signed this.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        with self._history.locked(subject) as current:
            cancellation = Cancellation(subject, number, self._commitment(subject, number), deadline)
            digest, threshold = cancellation.digest(self._ledger.subject_domain), current.controllers.threshold
            current.controllers.require_any_signature(digest, signatures)
            self.confirm_pending(subject)
            if not self._is_cancelled(subject, number):
                require_in_time(deadline, now)
                needed = self._needed_to_cancel(subject, threshold, now)
                signed = current.controllers.in_one_form(digest, signatures, needed=needed)
                self._ledger.cancel_recovery(cancellation, current.controllers, signed)

    def abandon(self, subject: bytes, number: int) -> None:
        """Call off a recovery as the registrar that requested it; the wait of the next one does not change.

        Raises:
            InvalidInputError: ``not_found``, or ``recovery_not_pending``: never requested, or completed.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        with self._history.settled(subject):
            self._history.require_known(subject)
            self._commitment(subject, number)
            self.confirm_pending(subject)
            if not self._is_cancelled(subject, number):
                self._ledger.abandon_recovery(subject, number)

    def complete(self, subject: bytes, number: int) -> ControllerState:
        """Put the controllers of a pending recovery in force; asking again returns what they became.

        Raises:
            InvalidInputError: ``not_found``, or ``recovery_not_pending``: never requested, cancelled, or lapsed.
            ChainError: ``recovery_early`` before its wait is over; the ledger refuses or does not answer.
        """
        with self._history.settled(subject):
            self._history.require_known(subject)
            completed = self._completed(subject, number)
            if completed is not None:
                return completed
            held = self._find(subject, number)
            self.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if not _is_pending(state, number):
                raise _not_pending("it was cancelled, or 30 days went by")
            if state.commitment != held.controllers.commitment:
                raise _not_pending("the ledger holds another one under it, which this instance did not request")
            current = self._current(subject)
            if current is not None:
                self._consents.send_pending(current)
            return self._history.append(ControllerState(subject, held.entry, held.controllers, recovery=number))

    def pending(self, subject: bytes, threshold: int | None, *, now: int) -> dict[str, JSON] | None:
        """Return the recovery that waits, as the subject and the registrar see it.

        ``threshold``: of the set in force, None where this instance does not know that set.

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
            "completable_at": state.completable_at,
            "lapses_at": state.lapses_at,
            "needed_to_cancel": None if threshold is None else self._needed_to_cancel(subject, threshold, now),
            "controllers": None if held is None else held.controllers.to_json(),
        }

    def resume(self, subject: bytes) -> None:
        """Finish the requests of a subject that wait, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._history.settled(subject):
            self.confirm_pending(subject)

    def _needed_to_cancel(self, subject: bytes, threshold: int, now: int) -> int:
        return self._ledger.standing_of(subject).needed_to_cancel(threshold, max(now, self._ledger.head().time))

    def _current(self, subject: bytes) -> ControllerState | None:
        """Return who is in force, if this instance knows them and anybody is."""
        with suppress(ForeignEntryError, NoneCountsError):
            return self._history.current(subject)
        return None

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

    def _is_cancelled(self, subject: bytes, number: int) -> bool:
        """Return whether a recovery is over without having been completed.

        Raises:
            InvalidInputError: ``recovery_not_pending``: it was completed.
        """
        if self._completed(subject, number) is not None:
            raise _not_pending("it was completed")
        return not _is_pending(self._ledger.recovery(subject), number)

    def _completed(self, subject: bytes, number: int) -> ControllerState | None:
        known = next((one for one in self._history.of(subject) if one.recovery == number), None)
        if known is not None:
            return known
        current = self._current(subject)
        # the registrar that succeeds this one may have completed it
        return current if current is not None and current.recovery == number else None

    def _find(self, subject: bytes, number: int) -> StoredRecovery:
        held = self.find(subject, number)
        if held is None:
            raise _not_pending("it was never requested")
        return held


def _is_pending(state: Recovery, number: int) -> bool:
    return state.commitment is not None and state.number == number


def _not_pending(why: str) -> InvalidInputError:
    return InvalidInputError(Reason.RECOVERY_NOT_PENDING, f"no recovery of this number is pending: {why}")
