"""What browsers are shown at an address that there is none of, or that takes no such request: a page, not JSON."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeAlias, cast

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.portal.shell.dispatch import PageEndpoint
from api.portal.shell.page import Page
from api.portal.shell.pages import PageRoute
from api.portal.shell.permission import permission_of
from api.portal.shell.problem import problem_of_reason
from ledger_node.domain.reason import Reason

_OF_PROGRAMS: Final = ("/v1/", "/v1")
_Handler: TypeAlias = Callable[[Request, HTTPException], Awaitable[Response]]


def _show(page: Page) -> Response:
    return problem_of_reason(page, Reason.NOT_FOUND, HTTPStatus.NOT_FOUND)


LOST: Final = PageRoute("GET", "", _show, permission_of((), (), anybody=True))
"""It has no address of its own."""


def show_lost(app: FastAPI, page: PageEndpoint) -> None:
    """Let ``page``, the endpoint of ``LOST``, answer browsers in the place of JSON; programs get what they got."""
    for_programs = cast("_Handler", app.exception_handlers[HTTPException])

    async def answer(request: Request, error: HTTPException) -> Response:
        path, accepted = request.url.path, request.headers.get("accept", "")
        if "text/html" not in accepted or path.startswith(_OF_PROGRAMS):
            return await for_programs(request, error)
        shown = await page.answer(request)
        shown.headers.update(error.headers or {})
        if shown.status_code == HTTPStatus.NOT_FOUND:
            shown.status_code = error.status_code
        return shown

    app.add_exception_handler(HTTPException, answer)  # type: ignore[arg-type] # it handles this kind alone
