"""Holds: one controller, or the registrar, stops everything of a firm but withdrawals and recoveries, for 14 days.

It is for a firm of which a key is in the wrong hands, or may be. Each of the two may call one in 60 days.
"""

from dataclasses import dataclass

from api.services.control.rotation import require_in_time
from api.services.subject.controller_history import ControllerHistory
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.controller_act import Hold
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature


@dataclass(frozen=True, slots=True)
class HeldSubject:
    """A subject that is held until then, in block time; ``number``: of its last hold."""

    subject: bytes
    number: int
    until: int


class HoldService:
    """Holds subjects. A hold is not stored: it stops what waits here, and asking again is enough."""

    def __init__(self, ledger: SubjectLedger, history: ControllerHistory) -> None:
        self._ledger = ledger
        self._history = history

    def hold(self, hold: Hold, signatures: tuple[Signature, ...], *, now: int) -> HeldSubject:
        """Hold on the signature of any one current controller; asking the same again changes nothing.

        Raises:
            InvalidInputError: ``not_found``, ``signatures_late``, ``hold_too_soon``, or ``controllers_changed`` where
                another hold than the next one was signed for.
            VerificationError: nobody of the current controllers signed this.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        with self._history.locked(hold.subject) as current:
            signed = current.controllers.in_one_form(hold.digest(self._ledger.subject_domain), signatures, needed=1)
            if self._is_done(hold.subject, hold.number):
                return self._held(hold.subject)
            require_in_time(hold.deadline, now)
            self._require_time(hold.subject, now, by_registrar=False)
            self._ledger.hold(hold, current.controllers, signed[0])
            return self._held(hold.subject)

    def hold_by_registrar(self, subject: bytes, *, now: int) -> HeldSubject:
        """Hold as the subject's registrar; while its own hold goes on, asking again changes nothing.

        Raises:
            InvalidInputError: ``not_found`` or ``hold_too_soon``.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        with self._history.settled(subject):
            self._history.require_known(subject)
            standing, at = self._ledger.standing_of(subject), max(now, self._ledger.head().time)
            if standing.registrar_held_at and at < standing.held_until:
                return self._held(subject)
            self._require_time(subject, now, by_registrar=True)
            self._ledger.hold_by_registrar(subject, self._ledger.hold_count(subject) + 1)
            return self._held(subject)

    def shown(self, subject: bytes) -> dict[str, JSON]:
        """Return until when a subject is held, and the number of the next hold.

        Raises:
            ChainError: the ledger does not answer.
        """
        until = self._ledger.standing_of(subject).held_until
        return {"held_until": until or None, "next_hold": self._ledger.hold_count(subject) + 1}

    def _held(self, subject: bytes) -> HeldSubject:
        return HeldSubject(subject, self._ledger.hold_count(subject), self._ledger.standing_of(subject).held_until)

    def _is_done(self, subject: bytes, number: int) -> bool:
        """Return whether the hold of this number is there, and require that it is the next one otherwise."""
        count = self._ledger.hold_count(subject)
        if number not in {count, count + 1}:
            raise InvalidInputError(
                Reason.CONTROLLERS_CHANGED,
                f"hold {number} was signed for and hold {count + 1} is the next one; read the subject and sign again",
                field="number",
            )
        return number == count

    def _require_time(self, subject: bytes, now: int, *, by_registrar: bool) -> None:
        possible = self._ledger.standing_of(subject).hold_from(by_registrar=by_registrar)
        if max(now, self._ledger.head().time) < possible:
            raise VerificationError(Reason.HOLD_TOO_SOON, "a hold may be called once in 60 days")
