"""What people of a member's staff may do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger_node.domain.staff_release import StaffAct


class StaffRole(StrEnum):
    """A role; one person may have several, and still never releases what it prepared."""

    ADMIN = "admin"
    CLERK = "clerk"
    APPROVER = "approver"
    OFFICER = "officer"
    AUDITOR = "auditor"


RELEASERS: Final[Mapping[StaffAct, frozenset[StaffRole]]] = MappingProxyType(
    {
        StaffAct.ADD_STAFF: frozenset({StaffRole.ADMIN, StaffRole.APPROVER}),
        StaffAct.END_STAFF: frozenset({StaffRole.ADMIN}),
        StaffAct.ALLOW_PROGRAMS: frozenset({StaffRole.ADMIN, StaffRole.APPROVER}),
        StaffAct.REGISTER_SUBJECT: frozenset({StaffRole.APPROVER}),
        StaffAct.REQUEST_RECOVERY: frozenset({StaffRole.APPROVER}),
        StaffAct.COMPLETE_RECOVERY: frozenset({StaffRole.APPROVER}),
        StaffAct.END_SUBJECT: frozenset({StaffRole.APPROVER}),
    }
)
"""Who may release an act."""
