"""Answers for every error: a problem document, whatever failed; and for every request that costs too much."""

import asyncio
import logging
import re
from collections.abc import Collection
from functools import cache
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.home.settings import MAX_HEADER_BYTES, MAX_QUERY_BYTES
from api.http.problem.document import problem, refusal_of, status_of
from api.http.request.body import refusal_of_body
from api.http.request.idempotency_key import Answered
from api.http.request.oauth import challenge
from api.work.fault import fault_of
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

_FAULT: Final = "this is our fault; nothing that was acknowledged is lost"
_OVERHEAD: Final = 4
"""Bytes of a header line besides name and value."""
_log = logging.getLogger(__name__)
_FRAMEWORK: Final = {
    HTTPStatus.NOT_FOUND.value: "there is nothing under this address; /docs lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED.value: "this address does not take this method; Allow lists those it takes",
}


def install_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""

    @cache
    def addresses() -> list[tuple[re.Pattern[str], Collection[str]]]:
        return [(compile_path(path)[0], item.keys()) for path, item in app.openapi()["paths"].items()]

    @app.exception_handler(CredenceError)
    async def _credence(request: Request, error: CredenceError) -> JSONResponse:
        is_challenged = status_of(error) == HTTPStatus.UNAUTHORIZED
        return refusal_of(error, challenge(error, request) if is_challenged else {})

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["loc"][0] == "body":
            return refusal_of(refusal_of_body(error.errors()))
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, Reason.REQUEST_INVALID, f"{field or 'request'}: {first['msg']}", field
        )

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        reason = Reason.NOT_FOUND if error.status_code == HTTPStatus.NOT_FOUND else Reason.REQUEST_INVALID
        detail = _FRAMEWORK.get(error.status_code, str(error.detail))
        headers = dict(error.headers or {})
        # the router names the methods of the first route of an address alone
        methods = next((methods for pattern, methods in addresses() if pattern.fullmatch(request.url.path)), ())
        if "Allow" in headers and methods:
            headers["Allow"] = ", ".join(sorted(method.upper() for method in methods))
        return problem(error.status_code, reason, detail, headers=headers)

    @app.exception_handler(Answered)
    async def _answered(_: Request, known: Answered) -> Response:
        return known.response


class FaultBarrier:
    """Refuses what is too large, or pauses in its body for longer than ``pause_s`` seconds, and answers faults of ours.

    The words of a fault, which may hold values, reach neither the caller nor a log.
    """

    def __init__(self, app: ASGIApp, pause_s: float) -> None:
        self._app = app
        self._pause_s = pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer in its place if it is too large, or fails before an answer began."""
        is_http = scope["type"] == "http"
        excess = _excess(scope) if is_http else None
        if excess is not None:
            await refusal_of(excess)(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, self._impatient(receive) if is_http else receive, watch)
        except ClientDisconnect:
            return
        except CredenceError as error:
            # of what lies around the routes, such as the keeping of answers
            _log.warning("refused: %s", error.reason)
            if not is_http:
                raise
            if not started:
                await refusal_of(error)(scope, receive, send)
        except Exception as error:
            if not is_http:
                raise
            _log.error("fault: %s", fault_of(error))
            if not started:
                await problem(HTTPStatus.INTERNAL_SERVER_ERROR, Reason.INTERNAL, _FAULT)(scope, receive, send)

    def _impatient(self, receive: Receive) -> Receive:
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


def _excess(scope: Scope) -> InvalidInputError | None:
    """Return why a request costs too much before a route sees it, or None."""
    if len(scope["query_string"]) > MAX_QUERY_BYTES:
        return InvalidInputError(
            Reason.QUERY_TOO_LARGE, f"a query has at most {MAX_QUERY_BYTES} bytes; send data in the body"
        )
    if sum(len(name) + len(value) + _OVERHEAD for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        return InvalidInputError(
            Reason.HEADERS_TOO_LARGE, f"the headers of a request have at most {MAX_HEADER_BYTES} bytes"
        )
    return None
