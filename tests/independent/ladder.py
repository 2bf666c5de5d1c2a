"""Thresholds of a ladder (clause 5)."""

import datetime as dt
import itertools
from typing import Any

from . import values
from .errors import need
from .strict import items, members, text

MAX_THRESHOLDS = 65535
ANY_DAY, NO_END = -(2**31), 2**31
KINDS = {
    "integer": ("one_digit", "two_digits", "integers"),
    "month": ("months",),
    "date": ("months", "days"),
}
MORE = {"one_digit": "mirrored also", "two_digits": "mirrored also", "integers": "step also"}


def _digits(low: int, high: int, first: int, last: int) -> list[int]:
    """first…last × 10^k between low and high, k from 0."""
    found, scale = [], 1
    while first * scale <= high:
        found += [d * scale for d in range(first, last + 1) if low <= d * scale <= high]
        scale *= 10
    return sorted(set(found))


def _months(low: int, high: int) -> list[int]:
    start, end = values.date_of(low), values.date_of(high)
    counts = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    need(len(counts) <= MAX_THRESHOLDS, "schema_invalid")
    return [dt.date(c // 12, c % 12 + 1, 1).toordinal() - values.EPOCH for c in counts]


def thresholds(kind: str, ladder: Any, scale: int, none: bool, end: bool) -> list[int]:
    """L_1 < … < L_K of a field of this type; days as integers; the ends beyond every day as ANY_DAY and NO_END."""
    need(isinstance(ladder, dict), "type_wrong")
    need("kind" in ladder, "field_missing")
    name = text(ladder["kind"])
    need(name in KINDS.get(kind, ()), "schema_invalid")
    members(ladder, "kind from to", MORE.get(name, "also"))
    points = _points(name, ladder, scale)
    need(points, "schema_invalid")
    if "also" in ladder:
        own = [values.typed(kind, one, scale) for one in items(ladder["also"], 64)]
        need(own and all(a < b for a, b in itertools.pairwise(own)), "schema_invalid")
        need(not set(own) & set(points), "schema_invalid")
        points = sorted([*points, *own])
    points = [ANY_DAY] * none + points + [NO_END] * end
    need(len(points) <= MAX_THRESHOLDS, "schema_invalid")
    return points


def _points(name: str, ladder: dict[str, Any], scale: int) -> list[int]:
    low, high = ladder["from"], ladder["to"]
    if name == "months":
        return _months(values.month(low), values.month(high))
    if name == "days":
        return _steps(values.day(low), values.day(high), 1)
    start, end = values.number(low, scale), values.number(high, scale)
    if name == "integers":
        return _steps(start, end, values.number(ladder["step"], scale) if "step" in ladder else 1)
    mirrored = ladder.get("mirrored", False)
    need(isinstance(mirrored, bool), "type_wrong")
    need(start >= 1, "schema_invalid")
    points = _digits(start, end, *((1, 9) if name == "one_digit" else (10, 99)))
    return [-p for p in reversed(points)] + [0] + points if mirrored else points


def _steps(low: int, high: int, step: int) -> list[int]:
    need(step >= 1 and (high - low) // step < MAX_THRESHOLDS, "schema_invalid")
    return list(range(low, high + 1, step))
