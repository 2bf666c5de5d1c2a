"""Recoveries: a registrar puts other controllers in the place of those that lost their keys.

The registrar has checked the firm's papers; no key vouches for them. So everybody sees a recovery coming: it waits 72
hours on the ledger. Until it is completed, any one current controller can cancel it. Only the ledger says whether one
is pending; the store holds which controllers it is for.
"""

from api.services.consent.lifecycle import ConsentService
from api.services.control.recovery_request import HeldRecovery, RecoveryRequests
from api.services.control.rotation import require_change
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from api.storage.database import Store
from ledger_node.chain.port import Recovery, Role, SubjectLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, Signature, cancellation_digest


class RecoveryService:
    """Requests, cancels and completes recoveries, one at a time for a subject."""

    def __init__(
        self, store: Store, ledger: SubjectLedger, history: ControllerHistory, consents: ConsentService
    ) -> None:
        self._ledger = ledger
        self._requests = RecoveryRequests(store, ledger)
        self._history = history
        self._consents = consents

    def request(self, subject: bytes, controllers: Controllers) -> HeldRecovery:
        """Begin to wait; asking again for the same keys while it is pending returns the same recovery.

        Raises:
            InvalidInputError: ``not_found``, ``controllers_unchanged``, or ``recovery_pending`` to other controllers.
            ChainError: the ledger refuses or does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign``: the ledger shows a recovery there that this instance did not send.
        """
        with self._history.locked(subject) as current:
            self._requests.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if state.commitment is not None:
                return self._same(subject, state, controllers)
            require_change(current, controllers)
            return self._requests.request(subject, state.number + 1, controllers)

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
            self._requests.confirm_pending(subject)
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
            self._requests.confirm_pending(subject)
            state = self._ledger.recovery(subject)
            if not _is_pending(state, number):
                raise _not_pending("it was cancelled")
            if state.commitment != held.controllers.commitment:
                raise _not_pending("the ledger holds another one under it, which this instance did not request")
            self._consents.pending_grants.send_pending(current)
            return self._history.append(current, held.controllers, recovery=number)

    def pending(self, subject: bytes) -> dict[str, JSON] | None:
        """Return the recovery that waits, as the subject and the registrar see it.

        Raises:
            ChainError: the ledger does not answer.
        """
        state = self._ledger.recovery(subject)
        if state.commitment is None:
            return None
        held = self._requests.find(subject, state.number)
        if held is not None and held.controllers.commitment != state.commitment:
            held = None
        return {
            "number": state.number,
            "commitment": to_hex(state.commitment),
            "requested_at": state.requested_at,
            "completable_at": state.completable_at,
            "controllers": None if held is None else held.controllers.to_json(),
        }

    def waiting(self) -> list[bytes]:
        """Return the subjects of which recoveries were requested here and are not known to be on the ledger."""
        return self._requests.waiting()

    def resume(self, subject: bytes) -> None:
        """Finish the requests of a subject that wait, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._history.locked(subject):
            self._requests.confirm_pending(subject)

    def _same(self, subject: bytes, state: Recovery, controllers: Controllers) -> HeldRecovery:
        held = self._requests.find(subject, state.number)
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

    def _find(self, subject: bytes, number: int) -> HeldRecovery:
        held = self._requests.find(subject, number)
        if held is None:
            raise _not_pending("it was never requested")
        return held


def _is_pending(state: Recovery, number: int) -> bool:
    return state.commitment is not None and state.number == number


def _not_pending(why: str) -> InvalidInputError:
    return InvalidInputError(Reason.RECOVERY_NOT_PENDING, f"no recovery of this number is pending: {why}")
