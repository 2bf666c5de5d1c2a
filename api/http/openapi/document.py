"""The OpenAPI document: what FastAPI says of routes and models, and what holds for all of them, said once."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from api.http.model.base import EXAMPLE
from api.http.model.problem import OAuthError, Problem
from api.http.model.sign_in import TokenRequest
from api.http.openapi.refusal import refusals, refusals_of
from api.http.request.idempotency_key import MAX_KEY, SECRET_ANSWERS
from api.http.request.permission import PERMISSIONS

TAGS: Final = [
    {"name": "verifications", "description": "A bank asks consented questions and gets verdicts with evidence."},
    {"name": "consents", "description": "A bank asks for a consent; the subject grants, pauses, withdraws or refuses."},
    {"name": "drafts", "description": "Several persons of a firm sign a grant, or a change of signers, one by one."},
    {"name": "receipts", "description": "Signed documents of what happened to a consent. They check offline."},
    {"name": "access log", "description": "Who asked what about whom. The ledger holds its checkpoints."},
    {"name": "attestations", "description": "A department sends records in, follows its jobs, and erases."},
    {"name": "subjects", "description": "A registrar registers firms; controllers rotate and recover their keys."},
    {"name": "own records", "description": "A firm looks at its own values and answers; each look is signed."},
    {"name": "notifications", "description": "What the ledger's events mean for the caller: a feed and webhooks."},
    {"name": "staff", "description": "People of members, and what two of them released."},
    {"name": "sign-in", "description": "Sign-in keys and access tokens (OAuth 2.0 with DPoP)."},
    {"name": "reference", "description": "What anybody may know: the network, members, schemas and purposes."},
    {"name": "health", "description": "Whether the instance runs and serves."},
]
"""One a tag that routes carry, in the order in which the document shows them."""

JsonObject = dict[str, Any]
Schema: TypeAlias = Mapping[str, Any]
REFERENCE: Final = "#/components/schemas/"

_PARAMETERS: Final[JsonObject] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            f"a quoted string of 1 to {MAX_KEY} printable ASCII characters, new for every request, such as"
            ' "8e03978e-40d5-43e8-bc93-6894a57f9324" with its quotes; the same request with the same key has one effect'
            " and one answer"
        ),
        "schema": {"type": "string", "pattern": rf'^"[ !#-\[\]-~]{{1,{MAX_KEY}}}"$'},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "the ETag that you have; answered 304 while it is the present one",
        "schema": {"type": "string"},
    },
}
_HEADERS: Final[JsonObject] = {"ETag": {"schema": {"type": "string"}, "description": "digest of the answer"}}
_TAG: Final[JsonObject] = {"ETag": {"$ref": "#/components/headers/ETag"}}
_NOT_MODIFIED: Final[JsonObject] = {"description": "what you have is what there is", "headers": _TAG}
_SCHEME: Final = {
    "type": "http",
    "scheme": "dpop",
    "description": "'Authorization: DPoP TOKEN' with a token of POST /v1/token, and a proof of possession in 'DPoP' "
    "(RFC 9449)",
}
_JSON: Final = "application/json"
_BY_HAND: Final = (Problem, OAuthError, TokenRequest)
"""Models that no route of FastAPI reads or answers with."""


def operation_id(route: APIRoute) -> str:
    """Return the name of a route for generated clients: that of its function, as ``camelCase``."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


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
    components = document["components"]
    _, made = models_json_schema([(model, "validation") for model in _BY_HAND], ref_template=REFERENCE + "{model}")
    components["schemas"] |= made["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["responses"] = {**refusals(), "NotModified": _NOT_MODIFIED}
    components["parameters"], components["headers"] = _PARAMETERS, _HEADERS
    components["securitySchemes"] = {"dpop": _SCHEME}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(method, path, operation)
            _show_examples(operation, components["schemas"])
    _tidy([document["paths"], components])


def _tidy(schema: Any) -> None:  # noqa: ANN401 - any JSON
    """Drop titles, which pydantic makes of names, examples that bodies show now, and line breaks in paragraphs."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    elif isinstance(schema, dict):
        schema.pop("title", None)
        schema.pop(EXAMPLE, None)
        if isinstance(words := schema.get("description"), str):
            schema["description"] = "\n\n".join(" ".join(part.split()) for part in words.split("\n\n"))
        for keyword, part in schema.items():
            if keyword not in {"example", "examples", "default"}:
                _tidy(list(part.values()) if keyword == "properties" else part)


def _complete(method: str, path: str, operation: JsonObject) -> None:
    callers = sorted(PERMISSIONS[f"{method.upper()} {path}"].kinds)
    if callers:
        operation["security"], operation["x-callers"] = [{"dpop": []}], callers
    takes_body = "requestBody" in operation
    # what FastAPI says of 422 goes, also where an operation refuses so only by the default
    operation["responses"].pop("422", None)
    operation["responses"] |= refusals_of(path, operation)
    if not path.startswith("/v1/"):
        return
    if takes_body and f"{method.upper()} {path}" not in SECRET_ANSWERS:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    if method == "get":
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IfNoneMatch"})
        operation["responses"]["200"]["headers"] = _TAG
        operation["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}


def _show_examples(operation: JsonObject, named: JsonObject) -> None:
    bodies = [operation.get("requestBody", {})]
    bodies += [response for status, response in operation["responses"].items() if status.startswith("2")]
    for body in bodies:
        for media_type, content in body.get("content", {}).items():
            if media_type in {_JSON, "application/x-www-form-urlencoded"} and "schema" in content:
                content["examples"] = {"example": {"value": _example_of(content["schema"], named)}}


def _example_of(schema: Schema, named: Mapping[str, Schema]) -> Any:  # noqa: ANN401 - any JSON
    """Return the example of a schema; ``named``: the components that it refers to."""
    if EXAMPLE in schema:
        return schema[EXAMPLE]
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    if "$ref" in schema:
        return _example_of(named[schema["$ref"].removeprefix(REFERENCE)], named)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            first, *others = schema[choice]
            return None if {"type": "null"} in others and _says_nothing(first, named) else _example_of(first, named)
    match schema["type"]:
        case "object":
            members = schema.get("properties", {})
            return {name: _example_of(members[name], named) for name in schema.get("required", ())}
        case "array":
            return [_example_of(schema["items"], named)]
        case "boolean":
            return True
        case kind:
            return {"integer": 1, "number": 1.5, "string": "text", "null": None}[kind]


def _says_nothing(schema: Schema, named: Mapping[str, Schema]) -> bool:
    """Return whether a schema has no example, so that null is the better one."""
    if "$ref" in schema:
        return _says_nothing(named[schema["$ref"].removeprefix(REFERENCE)], named)
    return "examples" not in schema and schema.get("type") in {"string", "integer"}
