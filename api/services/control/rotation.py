"""Rotations: the current controllers hand a subject over to new ones.

Earlier grants stay as they are: they are judged by the controllers of their time. From the rotation on, only the new
controllers grant, refuse, pause, resume and withdraw, also consents that their predecessors granted.

The signatures are the authority, on the ledger too. So any node may have brought a rotation there. Whoever shows the
new set to this instance afterwards lets it know whom the ledger means.
"""

from api.services.consent.lifecycle import ConsentService
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.controller_act import Rotation
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, Signature


class RotationService:
    """Rotates on signatures, whoever delivers them."""

    def __init__(self, ledger: SubjectLedger, history: ControllerHistory, consents: ConsentService) -> None:
        self._ledger = ledger
        self._history = history
        self._consents = consents

    def rotate(self, rotation: Rotation, signatures: tuple[Signature, ...], *, now: int) -> ControllerState:
        """Put the controllers of a rotation in force; asking the same again changes nothing.

        Raises:
            InvalidInputError: ``not_found``, ``controllers_unchanged``, ``signatures_late``, or
                ``controllers_changed`` where another entry than the next one was signed for.
            VerificationError: the current controllers did not sign this, or ``subject_on_hold``.
            ChainError: the ledger refuses or does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign``: others are in force, whom this instance does not know.
        """
        subject, entry, controllers = rotation.subject, rotation.entry, rotation.controllers
        with self._history.settled(subject):
            held = self._history.find_foreign(subject, entry)
            if held is not None:
                return self._history.adopt(_state(rotation, signatures), held)
            current = self._history.current(subject)
            digest = rotation.digest(self._ledger.subject_domain)
            if 0 < entry == current.entry and controllers.commitment == current.controllers.commitment:
                self._require_retired(rotation, digest, signatures)
                return current
            signatures = current.controllers.in_one_form(digest, signatures)
            self._require_next(entry, self._ledger.entry_count(subject))
            require_change(current, controllers)
            require_in_time(rotation.deadline, now)
            self._history.require_no_hold(subject, now)
            # what the current controllers granted counts from before they hand over
            self._consents.send_pending(current)
            return self._history.append(_state(rotation, signatures))

    def _require_retired(self, rotation: Rotation, digest: bytes, signatures: tuple[Signature, ...]) -> None:
        """Require that those who were in force before signed; of several sets, the newest says why they did not."""
        refusals = []
        for before in reversed(self._history.of(rotation.subject)):
            if before.entry >= rotation.entry:
                continue
            try:
                before.controllers.require_signatures(digest, signatures)
            except VerificationError as error:
                refusals.append(error)
            else:
                return
        if refusals:
            raise refusals[0]

    @staticmethod
    def _require_next(entry: int, following: int) -> None:
        if entry != following:
            raise InvalidInputError(
                Reason.CONTROLLERS_CHANGED,
                f"entry {entry} was signed for and entry {following} is the next one; read the subject and sign again",
                field="entry",
            )


def _state(rotation: Rotation, signatures: tuple[Signature, ...]) -> ControllerState:
    return ControllerState(
        rotation.subject,
        rotation.entry,
        rotation.controllers,
        signatures=signatures,
        deadline=rotation.deadline,
        lines=rotation.lines,
    )


def require_change(current: ControllerState, controllers: Controllers) -> None:
    """Require that other keys or another threshold would control the subject.

    Raises:
        InvalidInputError: ``controllers_unchanged``.
    """
    if current.controllers.same_signers(controllers):
        raise InvalidInputError(
            Reason.CONTROLLERS_UNCHANGED, "these controllers are in force already", field="controllers"
        )


def require_in_time(deadline: int, now: int) -> None:
    """Require that signatures are still good.

    Raises:
        InvalidInputError: ``signatures_late``.
    """
    if deadline <= now:
        raise InvalidInputError(
            Reason.SIGNATURES_LATE, "the signatures were good until a time that is over; sign again", field="deadline"
        )
