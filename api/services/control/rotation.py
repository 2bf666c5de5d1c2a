"""Rotations: the current controllers hand a subject over to new ones.

Earlier grants stay as they are: they are judged by the controllers of their time. From the rotation on, only the new
controllers grant, refuse, pause, resume and withdraw, also consents that their predecessors granted.
"""

from api.services.consent.lifecycle import ConsentService
from api.services.subject.controller_change import ControllerState
from api.services.subject.registered_subject import ControllerHistory
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.controller_act import Rotation
from ledger_node.domain.subject import Controllers, Signature


class RotationService:
    """Rotates on signatures, whoever delivers them."""

    def __init__(self, ledger: SubjectLedger, history: ControllerHistory, consents: ConsentService) -> None:
        self._ledger = ledger
        self._history = history
        self._consents = consents

    def rotate(
        self, subject: bytes, entry: int, controllers: Controllers, signatures: tuple[Signature, ...]
    ) -> ControllerState:
        """Make ``controllers`` entry number ``entry`` of a subject; asking the same again changes nothing.

        Raises:
            InvalidInputError: ``not_found``, ``controllers_unchanged``, or ``controllers_changed`` where another entry
                than the next one was signed for.
            VerificationError: the current controllers did not sign this.
            ChainError: the ledger refuses or does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign``: the ledger shows an entry there that this instance did not send.
        """
        digest = rotation_digest(subject, entry, controllers.commitment, self._ledger.subject_domain)
        with self._history.locked(subject) as current:
            if 0 < entry == current.entry and controllers.commitment == current.controllers.commitment:
                before = next(one for one in reversed(self._history.of(subject)) if one.entry < entry)
                before.controllers.require_signatures(digest, signatures)
                return current
            current.controllers.require_signatures(digest, signatures)
            if entry != current.entry + 1:
                raise InvalidInputError(
                    Reason.CONTROLLERS_CHANGED,
                    f"entry {entry} was signed for and entry {current.entry + 1} is the next one; "
                    "read the subject and sign again",
                    field="entry",
                )
            require_change(current, controllers)
            # what the current controllers granted counts from before they hand over
            self._consents.send_pending(current)
            return self._history.append(current, controllers, signatures=signatures)


def require_change(current: ControllerState, controllers: Controllers) -> None:
    """Require that other keys or another threshold would control the subject.

    Raises:
        InvalidInputError: ``controllers_unchanged``.
    """
    if current.controllers.same_signers(controllers):
        raise InvalidInputError(
            Reason.CONTROLLERS_UNCHANGED, "these controllers are in force already", field="controllers"
        )
