"""Whether a member's programs may act alone: where it has staff, only if two of its people released that."""

from collections.abc import Mapping
from typing import Final

from api.services.staff.person import StaffMember
from api.services.staff.release import Releases
from api.services.staff.role import StaffRole
from api.services.staff.roster import Roster
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, content_digest

EXCEPTION: Final[Mapping[str, JSON]] = {"programs": "may act without a second person"}
"""What two people release, once for good."""


class Programs:
    """Answers for the routes of programs, and finds the officer who signed."""

    def __init__(self, roster: Roster, releases: Releases) -> None:
        self._roster = roster
        self._releases = releases

    def may_act_alone(self, member: bytes) -> bool:
        """Return whether a member's programs need nobody's signature."""
        if not self._roster.has_staff(member):
            return True
        return self._releases.find(member, StaffAct.ALLOW_PROGRAMS, content_digest(EXCEPTION)) is not None

    def require_signer(self, member: bytes, digest: bytes, assertion: Assertion, *roles: StaffRole) -> StaffMember:
        """Return the active person of a member with one of these roles whose passkey signed ``digest``.

        Raises:
            VerificationError: it is by nobody of them, or ``not_allowed`` where nobody has the role.
        """
        people = self._roster.active(member, *roles)
        keys = {person.passkey: person for person in people if person.passkey is not None}
        if not keys:
            raise VerificationError(Reason.NOT_ALLOWED, "nobody of this member may sign this")
        return keys[assertion.require_signer(digest, list(keys))]
