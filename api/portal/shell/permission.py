"""Who may see a page: one row a route, written where the route is. A route without a row does not start."""

from collections.abc import Collection
from dataclasses import dataclass

from api.portal.shell.visitor import Visitor
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind


@dataclass(frozen=True, slots=True)
class PagePermission:
    """``kinds``: who may see it, empty for every kind of member; ``roles``: of members' people, empty for all.

    ``anybody``: it is for everybody, signed in or not.
    """

    kinds: frozenset[Kind]
    roles: frozenset[StaffRole]
    anybody: bool

    def admits(self, visitor: Visitor) -> bool:
        """Return whether a visitor may see the page."""
        if self.anybody:
            return True
        if visitor.kind is None:
            return False
        if visitor.kind is Kind.SUBJECT:
            return Kind.SUBJECT in self.kinds
        if visitor.staff is None or (self.kinds and visitor.kind not in self.kinds):
            return False
        return not self.roles or bool(self.roles & visitor.staff.roles)


def permission_of(kinds: Collection[Kind], roles: Collection[StaffRole], *, anybody: bool) -> PagePermission:
    """Return the row of a route.

    Raises:
        ValueError: it says for nobody whom the page is for, or says two things.
    """
    if anybody is bool(kinds or roles):
        raise ValueError("a page names the kinds or roles that may see it, or says that anybody may")
    return PagePermission(frozenset(kinds), frozenset(roles), anybody)
