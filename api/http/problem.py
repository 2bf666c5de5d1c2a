"""Problem documents (RFC 9457): every refusal names its reason, in one shape."""

import logging
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.http.sign_in import SignInError
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

MEDIA_TYPE: Final = "application/problem+json"
_log = logging.getLogger(__name__)
_STATUS: Final = {
    Reason.SIGN_IN_NEEDED: HTTPStatus.UNAUTHORIZED,
    Reason.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Reason.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.CONSENT_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.SUBJECT_EXISTS: HTTPStatus.CONFLICT,
    Reason.CONSENT_EXISTS: HTTPStatus.CONFLICT,
    Reason.CONSENT_WITHDRAWN: HTTPStatus.CONFLICT,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.LEDGER_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.LEDGER_WRONG_CHAIN: HTTPStatus.SERVICE_UNAVAILABLE,
}


def problem(status: int, reason: Reason, detail: str, field: str | None = None) -> JSONResponse:
    """Return a problem document."""
    body = {
        "type": f"urn:credence:problem:{reason.value}",
        "title": reason.value.replace("_", " "),
        "status": int(status),
        "detail": detail,
        "reason": reason.value,
    }
    if field is not None:
        body["field"] = field
    return JSONResponse(body, status_code=int(status), media_type=MEDIA_TYPE)


def status_of(error: CredenceError) -> HTTPStatus:
    """Return the HTTP status that an error is answered with."""
    known = _STATUS.get(error.reason)
    if known is not None:
        return known
    match error:
        case ChainError():
            return HTTPStatus.CONFLICT
        case InvalidInputError() | VerificationError() | SignInError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""

    @app.exception_handler(CredenceError)
    async def _credence(_: Request, error: CredenceError) -> JSONResponse:
        return problem(status_of(error), error.reason, error.message, error.field)

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, Reason.REQUEST_INVALID, f"{field or 'request'}: {first['msg']}", field
        )

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        reason = Reason.NOT_FOUND if error.status_code == HTTPStatus.NOT_FOUND else Reason.REQUEST_INVALID
        return problem(error.status_code, reason, str(error.detail))

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        # the kind and place of a fault, never its words, which may hold values
        _log.error("fault in %s %s: %s", request.method, request.url.path, type(error).__name__)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            Reason.INTERNAL,
            "this is our fault; nothing that was acknowledged is lost",
        )
