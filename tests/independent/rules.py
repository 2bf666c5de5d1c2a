"""Bounds and rules of a schema (clause 2): their form only, for a verifier sees no value to try them on."""

from typing import Any

from . import values
from .errors import need
from .strict import items, members, text

DAYS = ("as_of", "period_from", "period_to")


def check_bounds(kind: str, value: Any, scale: int) -> None:
    """Bounds of an integer, date or month, both included."""
    members(value, "from to")
    need(kind in ("integer", "date", "month"), "schema_invalid")
    low, high = _bound(kind, value["from"], scale), None
    if kind == "integer" or value["to"] != "as_of":
        high = _bound(kind, value["to"], scale)
    need(high is None or low <= high, "schema_invalid")


def _bound(kind: str, value: Any, scale: int = 0) -> int:
    if kind == "integer":
        return values.number(value, scale)
    return values.day(value) if kind == "date" else values.month(value)


def check(value: Any, fields: dict[str, Any]) -> None:
    """At most 64 comparisons, or conditions with one."""
    for rule in items(value, 64):
        if isinstance(rule, dict):
            members(rule, "if then")
            _comparison(rule["if"], fields)
            _comparison(rule["then"], fields)
        else:
            _comparison(rule, fields)


def _kind(name: Any, fields: dict[str, Any]) -> str | None:
    """integer, day or enum:name; None where it names nothing that can be compared."""
    if name in DAYS:
        return "day"
    if name == "period_year":
        return "integer"
    if not isinstance(name, str) or name not in fields:
        return None
    kind = fields[name].type
    return {"integer": "integer", "date": "day", "month": "day", "enum": "enum"}.get(kind)


def _counts(name: Any, fields: dict[str, Any]) -> tuple[int, Any]:
    """Scale and currency of what is compared."""
    return (fields[name].scale, fields[name].currency) if name in fields else (0, None)


def _comparison(value: Any, fields: dict[str, Any]) -> None:
    left, op, right = [*items(value, 3), None, None, None][:3]
    need(len(value) == 3, "schema_invalid")
    kind = _kind(text(left), fields)
    need(kind is not None and op in ("=", "!=", "<", "<=", ">", ">="), "schema_invalid")
    need(kind != "enum" or op in ("=", "!="), "schema_invalid")
    other = _kind(right, fields)
    scale, currency = _counts(left, fields)
    if other is not None:
        need(other == kind and (scale, currency) == _counts(right, fields), "schema_invalid")
        return
    if right in ("none", "no end"):
        need(op in ("=", "!=") and left in fields, "schema_invalid")
        need(fields[left].none_on_record if right == "none" else fields[left].no_end, "schema_invalid")
    elif kind == "integer":
        values.number(right, scale)
    elif kind == "enum":
        need(right in fields[left].members, "schema_invalid")
    else:
        month = left in fields and fields[left].type == "month" and len(text(right)) == 7
        _bound("month" if month else "date", right)
