"""The OpenAPI document: what routes say of themselves, and what holds for all of them, said in one place."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from api.http.openapi.answer import ANSWERS
from api.http.openapi.shape import example_of
from api.http.openapi.sign_in import describe_sign_in
from api.http.problem.document import MEDIA_TYPE, TYPE_PREFIX, title_of
from api.http.request.idempotency_key import MAX_KEY, SECRET_ANSWERS
from api.http.request.oauth import CODES
from ledger_node.domain.reason import Reason

JsonObject = dict[str, Any]

_PROBLEM: Final[JsonObject] = {
    "type": "object",
    "description": "RFC 9457 problem document",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "the page that explains it"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong and what to do"},
        "reason": {"enum": sorted(Reason), "description": "stable reason code"},
        "field": {"type": "string", "description": "the member, column, field or header to blame"},
        "trace_id": {"type": "string", "description": "of a fault: what the log calls this request"},
    },
}
_OAUTH_REFUSAL: Final[JsonObject] = {
    "type": "object",
    "description": "error response of OAuth 2.0 (RFC 6749, 5.2)",
    "required": ["error", "error_description", "error_uri", "reason"],
    "properties": {
        "error": {"enum": sorted(CODES)},
        "error_description": {"type": "string", "description": "what is wrong and what to do"},
        "error_uri": {"type": "string", "format": "uri", "description": "the page that explains it"},
        **{name: _PROBLEM["properties"][name] for name in ("reason", "field", "trace_id")},
    },
}
_AS_OAUTH: Final = {
    HTTPStatus.BAD_REQUEST: ("invalid_request", Reason.REQUEST_INVALID),
    HTTPStatus.UNAUTHORIZED: ("invalid_client", Reason.CLIENT_UNKNOWN),
    HTTPStatus.TOO_MANY_REQUESTS: ("temporarily_unavailable", Reason.RATE_LIMITED),
    HTTPStatus.SERVICE_UNAVAILABLE: ("temporarily_unavailable", Reason.LEDGER_UNAVAILABLE),
}
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
_HEADERS: Final[dict[HTTPStatus, JsonObject]] = {
    status: {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "seconds"}}
    for status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
}
_KEY: Final[JsonObject] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        f"a quoted string of 1 to {MAX_KEY} printable ASCII characters, new for every request, such as"
        ' "8e03978e-40d5-43e8-bc93-6894a57f9324" with its quotes; the same request with the same key has one effect and'
        " one answer"
    ),
    "schema": {"type": "string", "pattern": rf'^"[ !#-\[\]-~]{{1,{MAX_KEY}}}"$'},
}
_KNOWN: Final[JsonObject] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag that you have; answered 304 while it is the present one",
    "schema": {"type": "string"},
}
_TAG: Final[JsonObject] = {"ETag": {"schema": {"type": "string"}, "description": "digest of the answer"}}


def install(app: FastAPI) -> None:
    """Make ``app`` serve the whole document."""
    plain = app.openapi

    def whole() -> JsonObject:
        if app.openapi_schema is None:
            plain()
            assert app.openapi_schema is not None  # noqa: S101 - just made
            complete(app.openapi_schema)
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign] # the way that FastAPI documents


def complete(document: JsonObject) -> None:
    """Add to a document what holds for all routes."""
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    document["components"]["schemas"]["OAuthError"] = _OAUTH_REFUSAL
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(method, path, operation)
    describe_sign_in(document)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)


def _complete(method: str, path: str, operation: JsonObject) -> None:
    responses = operation["responses"]
    takes_body = "requestBody" in operation
    for status, reason in (_ANYWHERE | (_WITH_A_BODY if takes_body else {})).items():
        responses[str(status.value)] = _refusal(status, reason)
    if path == _TOKEN:
        for status, (code, reason) in _AS_OAUTH.items():
            responses[str(status.value)] = _oauth_refusal(status, code, reason)
    answered = next(response for status, response in responses.items() if status.startswith("2"))
    shape = ANSWERS.get((method, path))
    if shape is not None:
        answered.setdefault("content", {})["application/json"] = {"schema": shape, "example": example_of(shape)}
    if not path.startswith("/v1/"):
        return
    if takes_body and f"{method.upper()} {path}" not in SECRET_ANSWERS:
        operation.setdefault("parameters", []).append(_KEY)
    if method == "get":
        operation.setdefault("parameters", []).append(_KNOWN)
        answered["headers"] = _TAG
        responses["304"] = {"description": "what you have is what there is", "headers": _TAG}


def _refusal(status: HTTPStatus, reason: Reason) -> JsonObject:
    example = {
        "type": TYPE_PREFIX + reason.value,
        "title": title_of(reason),
        "status": status.value,
        "detail": "what is wrong and what to do",
        "reason": reason.value,
    }
    return _refused_with(status, MEDIA_TYPE, "Problem", example)


def _oauth_refusal(status: HTTPStatus, code: str, reason: Reason) -> JsonObject:
    example = {
        "error": code,
        "error_description": "what is wrong and what to do",
        "error_uri": "https://credence.example" + TYPE_PREFIX + reason.value,
        "reason": reason.value,
    }
    return _refused_with(status, "application/json", "OAuthError", example)


def _refused_with(status: HTTPStatus, media_type: str, schema: str, example: JsonObject) -> JsonObject:
    refusal: JsonObject = {
        "description": status.phrase,
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}},
    }
    if status in _HEADERS:
        refusal["headers"] = _HEADERS[status]
    return refusal
