"""The routes of a room, each with its row of permission, registered at the same time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import Response

from api.portal.shell.page import Page
from api.portal.shell.permission import PagePermission, permission_of
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind

Handler: TypeAlias = Callable[[Page], Response]


@dataclass(frozen=True, slots=True)
class PageRoute:
    """What answers a method at a path, and who may ask."""

    method: str
    path: str
    handler: Handler
    permission: PagePermission

    @property
    def name(self) -> str:
        """The route in the table of permissions."""
        return f"{self.method} {self.path}"


class Pages:
    """The pages of one room. ``navigation``: (text, path) of the links that lead to them, those one may see."""

    def __init__(self, room: str, navigation: tuple[tuple[str, str], ...] = ()) -> None:
        self.room = room
        self.navigation = navigation
        self.routes: list[PageRoute] = []

    def get(
        self, path: str, *, kinds: Collection[Kind] = (), roles: Collection[StaffRole] = (), anybody: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register a page that is read; it has no effect."""
        return self._register("GET", path, permission_of(kinds, roles, anybody=anybody))

    def post(
        self, path: str, *, kinds: Collection[Kind] = (), roles: Collection[StaffRole] = (), anybody: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register what a form does."""
        return self._register("POST", path, permission_of(kinds, roles, anybody=anybody))

    def _register(self, method: str, path: str, permission: PagePermission) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.routes.append(PageRoute(method, path, handler, permission))
            return handler

        return register
