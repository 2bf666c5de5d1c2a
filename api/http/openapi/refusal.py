"""How routes refuse: one shared response a status, and which of them a route names.

A route names the statuses after which its caller corrects, looks again or waits. The others may come from any route
(not signed in, not allowed, headers too large): they are the ``default`` response, the same document with its reason.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from api.http.problem.document import MEDIA_TYPE, TYPE_PREFIX, title_of
from ledger_node.domain.reason import Reason

JsonObject = dict[str, Any]

_TOKEN: Final = "/v1/token"  # noqa: S105 - an address
_ANYWHERE: Final = {
    HTTPStatus.TOO_MANY_REQUESTS: Reason.RATE_LIMITED,
    HTTPStatus.SERVICE_UNAVAILABLE: Reason.LEDGER_UNAVAILABLE,
}
_OF_INPUT: Final = {HTTPStatus.UNPROCESSABLE_ENTITY: Reason.VALUE_MALFORMED}
_OF_WHAT_IS_NAMED: Final = {HTTPStatus.NOT_FOUND: Reason.NOT_FOUND}
_OF_A_BODY: Final = {HTTPStatus.CONFLICT: Reason.IDEMPOTENCY_IN_PROGRESS}
_DEFAULT: Final = "Refused"
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
    named = _ANYWHERE | _OF_INPUT | _OF_WHAT_IS_NAMED | _OF_A_BODY
    plain = {_name(status): _problem(status, reason) for status, reason in named.items()}
    oauth = {_name(status, "OAuth"): _oauth(status, code, reason) for status, (code, reason) in _AS_OAUTH.items()}
    return plain | oauth | {_DEFAULT: _problem(HTTPStatus.FORBIDDEN, Reason.NOT_ALLOWED, "any other refusal")}


def refusals_of(path: str, operation: JsonObject) -> Mapping[str, JsonObject]:
    """Return the responses by which an operation at ``path`` may refuse, by status."""
    if path == _TOKEN:
        named = {str(status.value): _name(status, "OAuth") for status in _AS_OAUTH}
    else:
        takes_body = "requestBody" in operation
        statuses = (
            _ANYWHERE
            | (_OF_INPUT if takes_body or operation.get("parameters") else {})
            | (_OF_WHAT_IS_NAMED if "{" in path else {})
            | (_OF_A_BODY if takes_body else {})
        )
        named = {str(status.value): _name(status) for status in sorted(statuses)}
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in named.items()} | {
        "default": {"$ref": f"#/components/responses/{_DEFAULT}"}
    }


def _name(status: HTTPStatus, prefix: str = "") -> str:
    return prefix + "".join(word.capitalize() for word in status.name.split("_"))


def _problem(status: HTTPStatus, reason: Reason, description: str = "") -> JsonObject:
    example = {
        "type": TYPE_PREFIX + reason.value,
        "title": title_of(reason),
        "status": status.value,
        "detail": "what is wrong and what to do",
        "reason": reason.value,
    }
    return _refusal(status, MEDIA_TYPE, "Problem", example) | ({"description": description} if description else {})


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
