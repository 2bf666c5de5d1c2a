"""Examples of whole bodies, made from those of their parts."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from api.http.model.base import EXAMPLE

Schema: TypeAlias = Mapping[str, Any]
REFERENCE: Final = "#/components/schemas/"


def example_of(schema: Schema, named: Mapping[str, Schema]) -> Any:  # noqa: ANN401 - any JSON
    """Return the example of a schema; ``named``: the components that it refers to."""
    if EXAMPLE in schema:
        return schema[EXAMPLE]
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const") or schema["enum"][0]
    if "$ref" in schema:
        return example_of(named[schema["$ref"].removeprefix(REFERENCE)], named)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            first, *others = schema[choice]
            return None if {"type": "null"} in others and _says_nothing(first, named) else example_of(first, named)
    match schema["type"]:
        case "object":
            members = schema.get("properties", {})
            return {name: example_of(members[name], named) for name in schema.get("required", ())}
        case "array":
            return [example_of(schema["items"], named)]
        case "boolean":
            return True
        case kind:
            return {"integer": 1, "number": 1.5, "string": "text", "null": None}[kind]


def _says_nothing(schema: Schema, named: Mapping[str, Schema]) -> bool:
    """Return whether a schema has no example, so that null is the better one."""
    if "$ref" in schema:
        return _says_nothing(named[schema["$ref"].removeprefix(REFERENCE)], named)
    return "examples" not in schema and schema.get("type") in {"string", "integer"}
