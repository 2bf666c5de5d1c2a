"""What OpenAPI says of request bodies; they are parsed strictly by hand, so it is said here."""

from typing import Any, Final

from ledger_node.domain.subject import MAX_CONTROLLERS

JsonObject = dict[str, Any]

HEX32: Final[JsonObject] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ADDRESS: Final[JsonObject] = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
_BYTES: Final[JsonObject] = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}
_ASSERTION: Final[JsonObject] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["authenticator_data", "client_data_json", "signature"],
    "properties": {
        "authenticator_data": _BYTES,
        "client_data_json": _BYTES,
        "signature": {**_BYTES, "description": "ES256, in DER or as 64 bytes r, s"},
    },
    "description": "WebAuthn assertion of a passkey, with the digest as its challenge",
}
SIGNATURES: Final[JsonObject] = {
    "type": "array",
    "maxItems": 16,
    "items": {
        "oneOf": [
            {
                "type": "string",
                "pattern": "^0x[0-9a-f]{130}$",
                "description": "65 bytes r, s, v, low s, v 27 or 28",
            },
            _ASSERTION,
        ]
    },
}
PASSKEY: Final[JsonObject] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "rp_id_hash", "public_key"],
    "properties": {
        "kind": {"const": "passkey"},
        "rp_id_hash": {**HEX32, "description": "SHA-256 of the domain that the passkey was made for"},
        "public_key": {"type": "string", "pattern": "^0x[0-9a-f]{128}$", "description": "point of P-256: x, then y"},
    },
}
CONTROLLERS: Final[JsonObject] = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_CONTROLLERS,
    "items": {"oneOf": [ADDRESS, PASSKEY]},
}
THRESHOLD: Final[JsonObject] = {"type": "integer", "minimum": 1, "maximum": MAX_CONTROLLERS}
CONTROLLERS_EXAMPLE: Final[list[Any]] = [
    "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a",
    {
        "kind": "passkey",
        "rp_id_hash": "0x" + "77" * 32,
        # the base point of the curve (SEC 2), which is the public key of the private key 1
        "public_key": "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    },
]
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


def form(properties: JsonObject, example: JsonObject, optional: JsonObject) -> JsonObject:
    """Return the ``openapi_extra`` of a route that takes a form; ``optional``: members that may be left out."""
    schema = {"type": "object", "required": list(properties), "properties": {**properties, **optional}}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
