"""What OpenAPI says of request bodies; they are parsed strictly by hand, so it is said here."""

from typing import Any, Final

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
