"""How routes refuse: one shared response a status, and which of them a route may answer with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from api.http.problem.document import MEDIA_TYPE, TYPE_PREFIX, title_of
from ledger_node.domain.reason import Reason

JsonObject = dict[str, Any]

_TOKEN: Final = "/v1/token"  # noqa: S105 - an address
_ANYWHERE: Final = {
    HTTPStatus.BAD_REQUEST: Reason.REQUEST_INVALID,
    HTTPStatus.REQUEST_URI_TOO_LONG: Reason.QUERY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY: Reason.VALUE_MALFORMED,
    HTTPStatus.TOO_MANY_REQUESTS: Reason.RATE_LIMITED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: Reason.HEADERS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR: Reason.INTERNAL,
    HTTPStatus.SERVICE_UNAVAILABLE: Reason.LEDGER_UNAVAILABLE,
    HTTPStatus.UNAUTHORIZED: Reason.SIGN_IN_NEEDED,
    HTTPStatus.FORBIDDEN: Reason.NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: Reason.NOT_FOUND,
}
_WITH_A_BODY: Final = {
    HTTPStatus.REQUEST_TIMEOUT: Reason.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT: Reason.IDEMPOTENCY_IN_PROGRESS,
    HTTPStatus.GONE: Reason.IDEMPOTENCY_ANSWER_ERASED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Reason.TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Reason.MEDIA_TYPE_UNSUPPORTED,
}
_AS_OAUTH: Final = {
    HTTPStatus.BAD_REQUEST: ("invalid_request", Reason.REQUEST_INVALID),
    HTTPStatus.UNAUTHORIZED: ("invalid_client", Reason.CLIENT_UNKNOWN),
    HTTPStatus.TOO_MANY_REQUESTS: ("temporarily_unavailable", Reason.RATE_LIMITED),
    HTTPStatus.SERVICE_UNAVAILABLE: ("temporarily_unavailable", Reason.LEDGER_UNAVAILABLE),
}
_RETRY_AFTER: Final = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "seconds"}}
_LATER: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def refusals() -> Mapping[str, JsonObject]:
    """Return the shared responses by name."""
    plain = {_name(status): _problem(status, reason) for status, reason in (_ANYWHERE | _WITH_A_BODY).items()}
    oauth = {_name(status, "OAuth"): _oauth(status, code, reason) for status, (code, reason) in _AS_OAUTH.items()}
    return plain | oauth


def refusals_of(path: str, *, takes_body: bool) -> Mapping[str, JsonObject]:
    """Return the responses by which a route may refuse, by status."""
    statuses = [*_ANYWHERE, *(_WITH_A_BODY if takes_body else ())]
    oauth = _AS_OAUTH if path == _TOKEN else {}
    return {
        str(status.value): {"$ref": f"#/components/responses/{_name(status, 'OAuth' if status in oauth else '')}"}
        for status in statuses
    }


def _name(status: HTTPStatus, prefix: str = "") -> str:
    return prefix + "".join(word.capitalize() for word in status.name.split("_"))


def _problem(status: HTTPStatus, reason: Reason) -> JsonObject:
    example = {
        "type": TYPE_PREFIX + reason.value,
        "title": title_of(reason),
        "status": status.value,
        "detail": "what is wrong and what to do",
        "reason": reason.value,
    }
    return _refusal(status, MEDIA_TYPE, "Problem", example)


def _oauth(status: HTTPStatus, code: str, reason: Reason) -> JsonObject:
    example = {
        "error": code,
        "error_description": "what is wrong and what to do",
        "error_uri": "https://credence.example" + TYPE_PREFIX + reason.value,
        "reason": reason.value,
    }
    return _refusal(status, "application/json", "OAuthError", example)


def _refusal(status: HTTPStatus, media_type: str, schema: str, example: JsonObject) -> JsonObject:
    content = {
        media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": {"example": {"value": example}}}
    }
    later = {"headers": _RETRY_AFTER} if status in _LATER else {}
    return {"description": status.phrase, "content": content, **later}
