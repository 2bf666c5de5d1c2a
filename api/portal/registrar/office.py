"""What the registrar's pages share: who may see them, and their links."""

from typing import Final

from api.language.translation import N_
from api.portal.shell.pages import Pages
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind

REGISTRAR: Final = frozenset({Kind.REGISTRAR})
LOOKERS: Final = frozenset({StaffRole.CLERK, StaffRole.APPROVER, StaffRole.ADMIN, StaffRole.AUDITOR})
HANDLERS: Final = frozenset({StaffRole.CLERK, StaffRole.APPROVER})
CLERKS: Final = frozenset({StaffRole.CLERK})
APPROVERS: Final = frozenset({StaffRole.APPROVER})
pages = Pages(
    "registrar",
    (
        (N_("Invitations"), "/registrar/invitations"),
        (N_("Firms"), "/registrar/firms"),
        (N_("Replaced signers"), "/registrar/recoveries"),
    ),
)
