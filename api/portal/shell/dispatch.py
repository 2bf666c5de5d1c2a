"""From a request to a page: who looks, in which language, what the form says, and what to show where it fails."""

import gzip
import logging
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.request.rate_limit import RateLimits, RequestClass
from api.instance.wiring import Instance
from api.portal.shell.form import MAX_FORM_BYTES, read_form, read_query, too_large
from api.portal.shell.fresh import fresh_page
from api.portal.shell.header import require_own
from api.portal.shell.language import COOKIE, language_of
from api.portal.shell.page import Page, PortalPlace
from api.portal.shell.pages import PageRoute, Pages
from api.portal.shell.problem import problem_of_reason, problem_page
from api.portal.shell.session import visitor_of
from api.portal.shell.visitor import NOBODY, Visitor
from api.sign_in.protocol.error import SignInError
from api.work.fault import fault_of
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, StoreError
from ledger_node.domain.reason import Reason

_LEAST_PACKED: Final = 600
_PACKING: Final = 5
_log = logging.getLogger(__name__)


class PageEndpoint:
    """Answers one route. ``has_page``: whether its path can be read, so that one can be led back to it."""

    def __init__(
        self,
        route: PageRoute,
        rooms: tuple[Pages, ...],
        instance: Instance,
        place: PortalPlace,
        *,
        has_page: bool,
        now: Callable[[], int],
    ) -> None:
        self._route, self._instance, self._place, self._has_page, self._now = route, instance, place, has_page, now
        self._links = [
            (link, other.permission)
            for room in rooms
            for link in room.navigation
            for other in room.routes
            if other.name == f"GET {link[1]}"
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        response = await self.answer(request)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Return the page."""
        response = await self._limited(request)
        _pack(request.headers, response)
        if request.method == "HEAD":
            response.body = b""
        return response

    async def _limited(self, request: Request) -> Response:
        limits: RateLimits = request.app.state.rate_limits
        caller = b"portal" + _address(request)
        request_class = RequestClass.EFFECT if self._route.method == "POST" else RequestClass.READ
        await limits.wait_for_room(caller)
        try:
            with limits.admitted(caller, request_class):
                return await self._guarded(request)
        except CredenceError as error:
            return problem_page(self._page(request), error)

    async def _guarded(self, request: Request) -> Response:
        try:
            form: Mapping[str, str] = {}
            if self._route.method == "POST":
                require_own(request.headers, self._place.origin)
                form = read_form(request.headers.get("content-type", ""), await _body(request))
            query = read_query(request.scope["query_string"])
            return await run_in_threadpool(self._answer, request, query, form)
        except ClientDisconnect:
            raise
        except CredenceError as error:
            return problem_page(self._page(request), error)
        except Exception as error:  # noqa: BLE001 - whatever fails is a page
            _log.error("fault: %s", fault_of(error))
            return problem_of_reason(self._page(request), Reason.INTERNAL)

    def _answer(self, request: Request, query: Mapping[str, str], form: Mapping[str, str]) -> Response:
        visitor = self._visitor(request)
        page = self._page(request, visitor, query, form)
        try:
            if not self._route.permission.admits(visitor):
                return self._refused(page)
            return self._route.handler(page)
        except CredenceError as error:
            if error.reason is Reason.STEP_UP_NEEDED and page.visitor.is_signed_in:
                return fresh_page(page)
            return problem_page(page, error)
        except Exception as error:  # noqa: BLE001 - whatever fails is a page
            _log.error("fault: %s", fault_of(error))
            return problem_of_reason(page, Reason.INTERNAL)

    def _visitor(self, request: Request) -> Visitor:
        try:
            return visitor_of(self._instance, request.cookies, now=self._now())
        except (ChainError, StoreError):
            # what is for anybody is so while the ledger does not answer
            if self._route.permission.anybody:
                return NOBODY
            raise

    @staticmethod
    def _refused(page: Page) -> Response:
        """Let somebody who may not see a page sign in, or say that it is for others."""
        if page.visitor.is_signed_in:
            raise InvalidInputError(Reason.NOT_ALLOWED, "this page is for others")
        if page.method == "GET":
            return page.redirect(f"/sign-in?back={quote(page.back, safe='/')}")
        raise SignInError(Reason.SIGN_IN_NEEDED, "sign in, and do it again")

    def _page(
        self,
        request: Request,
        visitor: Visitor = NOBODY,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Page:
        path = request.url.path
        return Page(
            instance=self._instance,
            place=self._place,
            visitor=visitor,
            language=language_of(request.cookies.get(COOKIE), request.headers.get("accept-language", "")),
            now=self._now(),
            method=self._route.method,
            url_path=path,
            back=path if self._has_page else "/",
            path={name: str(value) for name, value in request.path_params.items()},
            query=query or {},
            form=form or {},
            headers=request.headers,
            cookies=request.cookies,
            links=tuple(link for link, permission in self._links if permission.admits(visitor)),
            address=_address(request),
        )


def _address(request: Request) -> bytes:
    return (request.client.host if request.client else "").encode()


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM_BYTES:
            raise too_large()
        parts.append(part)
    return b"".join(parts)


def _pack(headers: Mapping[str, str], response: Response) -> None:
    body = bytes(response.body)
    if len(body) < _LEAST_PACKED or "content-encoding" in response.headers:
        return
    if response.media_type == "text/html" and "gzip" in headers.get("accept-encoding", ""):
        response.body = gzip.compress(body, compresslevel=_PACKING, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
