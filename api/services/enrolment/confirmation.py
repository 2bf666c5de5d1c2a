"""Confirmations that come by programs: who signed is found by the key, and two people are needed as at pages."""

from dataclasses import replace

from api.services.enrolment.enrolment import Enrolments
from api.services.enrolment.invitation import Invitation, InvitationState
from api.services.enrolment.invitations import Invitations, not_waiting
from api.services.staff.program import Programs
from api.services.staff.release import Releases
from api.services.staff.role import StaffRole
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature


class Confirmations:
    """Takes the signatures of people of a registrar who use programs of its own in the place of pages."""

    def __init__(
        self, invitations: Invitations, enrolments: Enrolments, releases: Releases, programs: Programs
    ) -> None:
        self._invitations = invitations
        self._enrolments = enrolments
        self._releases = releases
        self._programs = programs

    def confirm(
        self,
        registrar: bytes,
        invitation: bytes,
        number: int,
        signature: Signature,
        *,
        prepared: Signature | None,
        now: int,
    ) -> Invitation:
        """Release all keys of an invitation as an approver who signed it. ``prepared``: by a clerk, over the same.

        Raises:
            InvalidInputError: ``not_found``, or why the firm cannot be registered.
            VerificationError: a signature is none of such a person; ``not_allowed`` where a program alone prepared it;
                or as ``Enrolments.release``.
            ChainError: the ledger does not answer; it is released, and goes on by itself.
        """
        held = self._invitations.require(registrar, invitation, now=now)
        if held.state is not InvitationState.READY:
            raise not_waiting(held.state)
        release = replace(self._enrolments.draft_release(held), number=number)
        digest, approval = self._releases.digest(release), _assertion(signature)
        approver = self._programs.require_signer(registrar, digest, approval, StaffRole.APPROVER)
        if prepared is not None:
            clerk = self._programs.require_signer(registrar, digest, _assertion(prepared), StaffRole.CLERK)
            if clerk.id == approver.id:
                raise VerificationError(
                    Reason.RELEASE_BY_PREPARER, "two people sign this, and one of them signed twice"
                )
            self._invitations.note_handled(clerk, invitation, now=now)
        return self._enrolments.release(approver, invitation, number, approval, now=now)


def _assertion(signature: Signature) -> Assertion:
    if not isinstance(signature, Assertion):
        raise VerificationError(Reason.KEY_NOT_VALID, "people of members sign with passkeys")
    return signature
