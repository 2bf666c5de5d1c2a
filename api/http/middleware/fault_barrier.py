"""Answers for every error: a problem document, whatever failed."""

import logging
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.error import Answered
from api.http.middleware.allowed_methods import AllowedMethods
from api.http.problem.document import problem, refusal_headers, refusal_of, status_of
from api.http.request.body import refusal_of_body
from api.http.request.credential import challenge
from api.work.fault import fault_of
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

_FAULT: Final = "this is our fault; nothing that was acknowledged is lost"


_log = logging.getLogger(__name__)
_FRAMEWORK: Final = {
    HTTPStatus.NOT_FOUND.value: "there is nothing under this address; /docs lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED.value: "this address does not take this method; Allow lists those it takes",
}


def install_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""
    allowed = AllowedMethods(app)

    @app.exception_handler(CredenceError)
    async def _credence(request: Request, error: CredenceError) -> JSONResponse:
        headers = refusal_headers(error)
        if status_of(error) == HTTPStatus.UNAUTHORIZED:
            headers |= challenge(error, request)
        return refusal_of(error, headers=headers)

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
        if "Allow" in headers and (methods := allowed.of(request.url.path)):
            headers["Allow"] = ", ".join(methods)
        return problem(error.status_code, reason, detail, headers=headers)

    @app.exception_handler(Answered)
    async def _answered(_: Request, known: Answered) -> Response:
        return known.response()


class FaultBarrier:
    """Answers faults of ours; their words, which may hold values, reach neither the caller nor a log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer in its place if it fails before an answer began."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return
        except CredenceError as error:
            # of what lies around the routes, such as the keeping of answers
            _log.warning("refused: %s", error.reason)
            if scope["type"] != "http":
                raise
            if not started:
                await refusal_of(error)(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            _log.error("fault: %s", fault_of(error))
            if not started:
                answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, Reason.INTERNAL, _FAULT)
                await answer(scope, receive, send)
