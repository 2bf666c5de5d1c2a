"""What a request may cost before a route sees it: bytes of headers and query, and pauses in its body."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.home.settings import MAX_HEADER_BYTES, MAX_QUERY_BYTES
from api.http.problem.document import problem
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_OVERHEAD: Final = 4
"""Bytes of a header line besides name and value."""


class RequestLimits:
    """Refuses what is too large, and a body that pauses for longer than ``pause_s`` seconds."""

    def __init__(self, app: ASGIApp, pause_s: float) -> None:
        self._app = app
        self._pause_s = pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            answer = problem(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                Reason.QUERY_TOO_LARGE,
                f"a query has at most {MAX_QUERY_BYTES} bytes; send data in the body",
            )
            await answer(scope, receive, send)
        elif sum(len(name) + len(value) + _OVERHEAD for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            answer = problem(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                Reason.HEADERS_TOO_LARGE,
                f"the headers of a request have at most {MAX_HEADER_BYTES} bytes",
            )
            await answer(scope, receive, send)
        else:
            await self._app(scope, self._impatient(receive), send)

    def _impatient(self, receive: Receive) -> Callable[[], Awaitable[Message]]:
        is_whole = False

        async def next_part() -> Message:
            nonlocal is_whole
            if is_whole:
                # from here on it waits for the caller to go away, which may take as long as the answer
                return await receive()
            try:
                async with asyncio.timeout(self._pause_s):
                    message = await receive()
            except TimeoutError as error:
                raise InvalidInputError(
                    Reason.REQUEST_TIMEOUT, f"nothing of the body came for {self._pause_s:g} s; send it again"
                ) from error
            is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return next_part
