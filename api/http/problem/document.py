"""Problem documents (RFC 9457): every refusal names its reason, in one shape."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.middleware.observation import note_reason
from api.http.middleware.stored_responses import Answered
from api.http.problem.try_later import TryLaterError
from api.http.request.credential import challenge
from api.http.request.query_parameters import Operations
from api.sign_in.server.principal import SignInError
from api.work.fault import fault_of
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/problems/"
"""A type is a reference to its page on the instance that answers."""
_FAULT: Final = "this is our fault; nothing that was acknowledged is lost"
_FRAMEWORK: Final = {
    HTTPStatus.NOT_FOUND.value: "there is nothing under this address; /docs lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED.value: "this address does not take this method; Allow lists those it takes",
}
_log = logging.getLogger(__name__)
_STATUS: Final = {
    Reason.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Reason.MEMBER_NOT_ACTIVE: HTTPStatus.FORBIDDEN,
    Reason.ISSUER_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Reason.SIGN_IN_KEYS_OUTDATED: HTTPStatus.CONFLICT,
    Reason.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.KEY_LEDGER_BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.KEY_COPY_FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.ERASED: HTTPStatus.GONE,
    Reason.QUARANTINED: HTTPStatus.CONFLICT,
    Reason.CONSENT_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.SUBJECT_EXISTS: HTTPStatus.CONFLICT,
    Reason.CONSENT_EXISTS: HTTPStatus.CONFLICT,
    Reason.CONSENT_WITHDRAWN: HTTPStatus.CONFLICT,
    Reason.CONSENT_PAUSED: HTTPStatus.CONFLICT,
    Reason.CONSENT_NOT_PAUSED: HTTPStatus.CONFLICT,
    Reason.CONSENT_CHANGED_ALREADY: HTTPStatus.CONFLICT,
    Reason.REQUEST_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.REQUEST_ANSWERED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_UNCHANGED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_CHANGED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_FOREIGN: HTTPStatus.CONFLICT,
    Reason.RECOVERY_PENDING: HTTPStatus.CONFLICT,
    Reason.RECOVERY_NOT_PENDING: HTTPStatus.CONFLICT,
    Reason.RECOVERY_EARLY: HTTPStatus.CONFLICT,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.QUERY_TOO_LARGE: HTTPStatus.REQUEST_URI_TOO_LONG,
    Reason.HEADERS_TOO_LARGE: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Reason.MEDIA_TYPE_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    Reason.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.CURSOR_INVALID: HTTPStatus.BAD_REQUEST,
    Reason.IDEMPOTENCY_KEY_MALFORMED: HTTPStatus.BAD_REQUEST,
    Reason.IDEMPOTENCY_IN_PROGRESS: HTTPStatus.CONFLICT,
    Reason.IDEMPOTENCY_ANSWER_ERASED: HTTPStatus.GONE,
    Reason.CONFIGURATION: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.STORE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.LEDGER_STALE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.OUTBOX_STUCK: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.NOTIFICATIONS_STUCK: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.WORKER_DIED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.STORE_IN_USE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.STORE_OUTDATED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.STORE_NEWER: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.STORE_MISMATCH: HTTPStatus.INTERNAL_SERVER_ERROR,
    Reason.LEDGER_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.LEDGER_WRONG_CHAIN: HTTPStatus.SERVICE_UNAVAILABLE,
}
_UNFINISHED: Final = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}
"""The body was not read to its end, so the connection cannot take another request."""
_RETRY_S: Final = 1


_SIGN_IN: Final = frozenset(
    {Reason.SIGN_IN_NEEDED, Reason.TOKEN_UNKNOWN, Reason.CLIENT_UNKNOWN, Reason.ALGORITHM_NOT_ALLOWED}
    | {reason for reason in Reason if reason.value.startswith(("assertion_", "proof_"))}
)
"""Reasons of ``SignInError``."""


def title_of(reason: Reason) -> str:
    """Return the title of a problem type: the same for every occurrence."""
    return reason.value.replace("_", " ")


def status_of_reason(reason: Reason) -> HTTPStatus:
    """Return the status that a reason is usually answered with."""
    usual = HTTPStatus.UNAUTHORIZED if reason in _SIGN_IN else HTTPStatus.UNPROCESSABLE_ENTITY
    return _STATUS.get(reason, usual)


def problem(
    status: int,
    reason: Reason,
    detail: str,
    field: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document.

    One about a fault or an outage names the trace of its request, under which the log tells of it.
    """
    note_reason(reason)
    current = trace.current()
    body = {
        "type": TYPE_PREFIX + reason.value,
        "title": title_of(reason),
        "status": int(status),
        "detail": detail,
        "reason": reason.value,
        **({"trace_id": current.id} if current is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR else {}),
    }
    if field is not None:
        body["field"] = field
    extra = {**_usual_headers(status), **(headers or {})}
    return JSONResponse(body, status_code=int(status), media_type=MEDIA_TYPE, headers=extra)


def _usual_headers(status: int) -> dict[str, str]:
    if status in _UNFINISHED:
        return {"Connection": "close"}
    return {"Retry-After": str(_RETRY_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def refusal_headers(error: CredenceError) -> dict[str, str]:
    """Return what an answer says about the connection and the next try, in whatever form it tells of ``error``."""
    later = {"Retry-After": str(error.seconds)} if isinstance(error, TryLaterError) else {}
    return {**_usual_headers(status_of(error)), **later}


def refusal_of(error: CredenceError, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem document of an error."""
    return problem(status_of(error), error.reason, error.message, error.field, headers=headers)


def status_of(error: CredenceError) -> HTTPStatus:
    """Return the HTTP status that an error is answered with."""
    known = _STATUS.get(error.reason)
    if known is not None:
        return known
    match error:
        case ChainError():
            return HTTPStatus.CONFLICT
        case SignInError():
            return HTTPStatus.UNAUTHORIZED
        case InvalidInputError() | VerificationError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI, operations: Operations) -> None:
    """Answer every error of ``app`` with a problem document."""

    @app.exception_handler(CredenceError)
    async def _credence(request: Request, error: CredenceError) -> JSONResponse:
        headers = refusal_headers(error)
        if status_of(error) == HTTPStatus.UNAUTHORIZED:
            headers |= challenge(error, request)
        return refusal_of(error, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
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
        if "Allow" in headers and (methods := operations.methods(request.url.path)):
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
