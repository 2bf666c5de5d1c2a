"""The portal on the application of the API: ``credence serve`` serves both."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.home.portal_host import portal_origin
from api.instance.wiring import Instance
from api.portal.bank import room as bank
from api.portal.firm.consent import route as firm_consent
from api.portal.firm.contact import route as firm_contact
from api.portal.firm.handover import route as firm_handover
from api.portal.firm.home import route as firm_home
from api.portal.firm.looked import route as firm_looked
from api.portal.firm.notice import route as firm_notice
from api.portal.firm.own_answer import route as firm_own_answer
from api.portal.firm.receipt import route as firm_receipt
from api.portal.firm.record import route as firm_record
from api.portal.firm.request import route as firm_request
from api.portal.firm.signers import route as firm_signers
from api.portal.firm.withdrawal import route as firm_withdrawal
from api.portal.public import device, enrol, session
from api.portal.public import open as public_open
from api.portal.public import route as public
from api.portal.registrar import room as registrar
from api.portal.shell.dispatch import PageEndpoint
from api.portal.shell.lost import LOST, show_lost
from api.portal.shell.page import PortalPlace
from api.portal.shell.pages import Pages
from api.portal.shell.permission import PagePermission
from api.portal.shell.static_file import StaticFiles, static_files, static_root
from api.portal.staff import people as staff
from ledger_node import clock

ROOMS: Final[tuple[Pages, ...]] = (
    public.pages,
    session.pages,
    firm_home.pages,
    firm_request.pages,
    firm_consent.pages,
    firm_signers.pages,
    firm_withdrawal.pages,
    firm_receipt.pages,
    firm_notice.pages,
    firm_contact.pages,
    firm_handover.pages,
    firm_own_answer.pages,
    firm_looked.pages,
    firm_record.pages,
    device.pages,
    public_open.pages,
    bank.pages,
    enrol.pages,
    registrar.pages,
    staff.pages,
)
"""The rooms of the portal; routes are tried in their order."""


def page_permissions(rooms: Iterable[Pages] = ROOMS) -> Mapping[str, PagePermission]:
    """Return who may see what: a row for each route, such as ``GET /home``.

    Raises:
        ValueError: two routes have the same method and path.
    """
    rows: dict[str, PagePermission] = {}
    for room in rooms:
        for route in room.routes:
            if route.name in rows:
                raise ValueError(f"two pages are {route.name}")
            rows[route.name] = route.permission
    return rows


def create_portal(
    app: FastAPI, instance: Instance, rooms: tuple[Pages, ...] = ROOMS, now: Callable[[], int] = clock.now
) -> FastAPI:
    """Put the portal's pages on ``app``, the API's application of ``instance``, and return it."""
    place = PortalPlace(
        instance.portal_host, portal_origin(instance.portal_host, app.state.public_url), instance.portal_settings
    )
    rows = page_permissions(rooms)
    app.state.page_permissions = rows
    static_files()
    made = []
    for room in rooms:
        for route in room.routes:
            endpoint = PageEndpoint(route, rooms, instance, place, has_page=f"GET {route.path}" in rows, now=now)
            answer = _FrontDoor(endpoint) if route.name == "GET /" else endpoint
            app.state.route_templates[answer] = route.path
            made.append(Route(route.path, answer, methods=[route.method], include_in_schema=False))
    show_lost(app, PageEndpoint(LOST, rooms, instance, place, has_page=False, now=now))
    made.append(Route(f"{static_root()}/{{name:path}}", StaticFiles(), methods=["GET"], include_in_schema=False))
    # before the API's own, whose front page leads programs to the documentation
    app.router.routes[:0] = made
    return app


class _FrontDoor:
    """The address ``/``: a page for browsers, the documentation for programs."""

    def __init__(self, page: ASGIApp) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by what the caller accepts."""
        accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        answer = self._page if b"text/html" in accepted else RedirectResponse("/docs", 307)
        await answer(scope, receive, send)
