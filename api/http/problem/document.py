"""Problem documents (RFC 9457): every refusal names its reason, in one shape."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse

from api.services.verification.use_error import UseError
from api.sign_in.protocol.error import SignInError
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/problems/"
"""A type is a reference to its page on the instance that answers."""
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
    Reason.CONSENT_SIGNATURES_DIFFER: HTTPStatus.CONFLICT,
    Reason.USE_NUMBER_TAKEN: HTTPStatus.CONFLICT,
    Reason.CONSENT_WITHDRAWN: HTTPStatus.CONFLICT,
    Reason.CONSENT_PAUSED: HTTPStatus.CONFLICT,
    Reason.CONSENT_NOT_PAUSED: HTTPStatus.CONFLICT,
    Reason.CONSENT_CHANGED_ALREADY: HTTPStatus.CONFLICT,
    Reason.REQUEST_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.REQUEST_ANSWERED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_UNCHANGED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_CHANGED: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_FOREIGN: HTTPStatus.CONFLICT,
    Reason.CONTROLLERS_NONE_COUNT: HTTPStatus.CONFLICT,
    Reason.CROSS_SITE: HTTPStatus.FORBIDDEN,
    Reason.STEP_UP_NEEDED: HTTPStatus.FORBIDDEN,
    Reason.SIGN_IN_LATE: HTTPStatus.CONFLICT,
    Reason.PASSKEY_UNKNOWN: HTTPStatus.UNAUTHORIZED,
    Reason.PASSKEY_EXISTS: HTTPStatus.CONFLICT,
    Reason.SUBJECT_ON_HOLD: HTTPStatus.CONFLICT,
    Reason.HOLD_TOO_SOON: HTTPStatus.CONFLICT,
    Reason.SIGNATURES_LATE: HTTPStatus.CONFLICT,
    Reason.REGISTRAR_FOREIGN: HTTPStatus.FORBIDDEN,
    Reason.RECOVERY_PENDING: HTTPStatus.CONFLICT,
    Reason.RECOVERY_NOT_PENDING: HTTPStatus.CONFLICT,
    Reason.RECOVERY_EARLY: HTTPStatus.CONFLICT,
    Reason.DRAFT_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.DRAFT_EXPIRED: HTTPStatus.CONFLICT,
    Reason.DRAFT_SUPERSEDED: HTTPStatus.CONFLICT,
    Reason.CODE_USED: HTTPStatus.CONFLICT,
    Reason.CODE_EXPIRED: HTTPStatus.GONE,
    Reason.CODE_LOCKED: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.STAFF_EXISTS: HTTPStatus.CONFLICT,
    Reason.KEY_KNOWN: HTTPStatus.CONFLICT,
    Reason.RELEASE_BY_PREPARER: HTTPStatus.FORBIDDEN,
    Reason.OFFICER_MISSING: HTTPStatus.FORBIDDEN,
    Reason.RELEASE_NUMBER_TAKEN: HTTPStatus.CONFLICT,
    Reason.RELEASE_NOT_WAITING: HTTPStatus.CONFLICT,
    Reason.INVITATION_EXISTS: HTTPStatus.CONFLICT,
    Reason.ENROLMENT_VOID: HTTPStatus.CONFLICT,
    Reason.SUBJECT_NEW: HTTPStatus.CONFLICT,
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
    Reason.NODE_LIMIT: HTTPStatus.SERVICE_UNAVAILABLE,
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


class TryLaterError(CredenceError):
    """The same request may be sent again after ``seconds``."""

    def __init__(self, reason: Reason, message: str, seconds: int) -> None:
        super().__init__(reason, message)
        self.seconds = seconds


@dataclass(slots=True)
class Observed:
    """What is noted of a request on its way, for whoever observes it."""

    status: int | None = None
    reason: Reason | None = None


OBSERVED: Final[ContextVar[Observed | None]] = ContextVar("observed", default=None)


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
    free_number: int | None = None,
) -> JSONResponse:
    """Return a problem document. ``free_number``: of a use whose number is taken, one that can be used instead."""
    body = {
        "type": TYPE_PREFIX + reason.value,
        "title": title_of(reason),
        "status": int(status),
        "detail": detail,
        **noted(status, reason, field),
        **({} if free_number is None else {"free_number": free_number}),
    }
    extra = {**_usual_headers(status), **(headers or {})}
    return JSONResponse(body, status_code=int(status), media_type=MEDIA_TYPE, headers=extra)


def noted(status: int, reason: Reason, field: str | None) -> dict[str, str]:
    """Return what a refusal says in whatever form, and note its reason for whoever observes the request.

    One about a fault or an outage names the trace of its request, under which the log tells of it.
    """
    observed, current = OBSERVED.get(), trace.current()
    if observed is not None:
        observed.reason = reason
    named = current.id if current is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    told = {"reason": reason.value, "trace_id": named, "field": field}
    return {name: text for name, text in told.items() if text is not None}


def _usual_headers(status: int) -> dict[str, str]:
    if status in _UNFINISHED:
        return {"Connection": "close"}
    return {"Retry-After": str(_RETRY_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def refusal_headers(error: CredenceError) -> dict[str, str]:
    """Return what an answer says about the connection and the next try, in whatever form it tells of ``error``."""
    later = {"Retry-After": str(error.seconds)} if isinstance(error, TryLaterError) else {}
    return {**_usual_headers(status_of(error)), **later}


def refusal_of(error: CredenceError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem document of an error."""
    shown = {**refusal_headers(error), **(headers or {})}
    free = error.free_number if isinstance(error, UseError) else None
    return problem(status_of(error), error.reason, error.message, error.field, headers=shown, free_number=free)


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
