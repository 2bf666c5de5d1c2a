"""A person of a member's staff, as the store holds them."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from api.services.staff.role import StaffRole
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, ended_staff_document

PROGRAM: Final = bytes(16)
"""Stands for a member's program in the place of a person's id."""


class StaffState(StrEnum):
    """``INVITED``: has a code. ``ARRIVED``: has a key, which another person must release. ``ENDED`` is for good."""

    INVITED = "invited"
    ARRIVED = "arrived"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person. ``invited_by``: who prepared it, None where the member's own key signed."""

    id: bytes
    member: bytes
    name: str
    roles: frozenset[StaffRole]
    state: StaffState
    invited_by: bytes | None
    invited_at: int
    credential: bytes | None = None
    passkey: Passkey | None = None
    ended_at: int | None = None

    @classmethod
    def of_row(cls, row: Any) -> "StaffMember":  # noqa: ANN401 - a row of the table
        """Return the person of a row of ``staff_member``."""
        return cls(
            row.id,
            row.member,
            row.name,
            frozenset(map(StaffRole, json.loads(row.roles))),
            StaffState(row.state),
            row.invited_by,
            row.invited_at,
            row.credential,
            None if row.passkey is None else Passkey.from_json(decode(row.passkey.encode())),
            row.ended_at,
        )

    def may(self, *roles: StaffRole) -> bool:
        """Return whether this person is active and has one of the roles."""
        return self.state is StaffState.ACTIVE and not self.roles.isdisjoint(roles)

    def require(self, *roles: StaffRole) -> None:
        """Require that this person is active and has one of the roles.

        Raises:
            VerificationError: ``not_allowed``.
        """
        if not self.may(*roles):
            raise VerificationError(
                Reason.NOT_ALLOWED, f"this is for people with the role {' or '.join(sorted(roles))}"
            )

    def document(self, act: StaffAct = StaffAct.ADD_STAFF) -> dict[str, JSON]:
        """Return what is released when this person is added, with its key, or ended, whatever the key is."""
        ended = ended_staff_document(self.id, self.name, self.roles)
        return ended if act is StaffAct.END_STAFF else {**ended, "passkey": self._passkey_json()}

    def _passkey_json(self) -> JSON:
        return None if self.passkey is None else self.passkey.to_json()


def program_of(member: bytes) -> StaffMember:
    """Return a member's own program as who prepares something: it does what a clerk does, and is no person."""
    return StaffMember(PROGRAM, member, "", frozenset({StaffRole.CLERK}), StaffState.ACTIVE, None, 0)
