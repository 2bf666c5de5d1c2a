"""What OpenAPI says of request bodies and refusals; bodies are parsed strictly by hand, so it is said here."""

from http import HTTPStatus
from typing import Any, Final

from api.http.problem import MEDIA_TYPE

JsonObject = dict[str, Any]

HEX32: Final[JsonObject] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ADDRESS: Final[JsonObject] = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
SIGNATURES: Final[JsonObject] = {
    "type": "array",
    "maxItems": 16,
    "items": {"type": "string", "pattern": "^0x[0-9a-f]{130}$"},
    "description": "65 bytes r, s, v each, low s, v 27 or 28",
}
CREDIT_CODE: Final[JsonObject] = {
    "type": "string",
    "description": "unified social credit code: 18 characters, the last one a check character (GB 32100)",
}
_PROBLEM: Final[JsonObject] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong and what to do"},
        "reason": {"type": "string", "description": "stable reason code"},
        "field": {"type": "string", "description": "the member, column or field to blame"},
    },
}
_REFUSED: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
REFUSALS: Final[dict[int | str, JsonObject]] = {
    int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}} for status in _REFUSED
}
"""Problem documents that any route may answer with."""


def body(properties: JsonObject, example: JsonObject, *, required: tuple[str, ...]) -> JsonObject:
    """Return the ``openapi_extra`` of a route that takes a JSON object."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def upload(csv_example: str, ndjson_example: str) -> JsonObject:
    """Return the ``openapi_extra`` of a route that records are streamed into."""
    text = {"type": "string"}
    content = {
        "text/csv": {"schema": text, "example": csv_example},
        "application/x-ndjson": {"schema": text, "example": ndjson_example},
    }
    return {"requestBody": {"required": True, "content": content}}


def form(properties: JsonObject, example: JsonObject) -> JsonObject:
    """Return the ``openapi_extra`` of a route that takes a form."""
    schema = {"type": "object", "required": list(properties), "properties": properties}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
