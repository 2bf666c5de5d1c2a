"""Thresholds of a ladder (clause 5)."""

import datetime as dt
from typing import Any

from . import values
from .errors import need
from .strict import MAX_SAFE, integer, members, text

MAX_THRESHOLDS = 4096


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


def thresholds(kind: str, ladder: Any) -> list[int]:
    """L_1 < … < L_K of a field of this type; days as integers."""
    members(ladder, "kind from to", "mirrored")
    name, mirrored = text(ladder["kind"]), ladder.get("mirrored", False)
    need(isinstance(mirrored, bool), "type_wrong")
    need(not mirrored or name in ("one_digit", "two_digits"), "schema_invalid")
    fits = {"integer": ("one_digit", "two_digits", "integers"), "month": ("months",), "date": ("months", "days")}
    need(name in fits[kind], "schema_invalid")
    points = _points(name, ladder["from"], ladder["to"])
    if mirrored:
        points = [-p for p in reversed(points)] + [0] + points
    need(1 <= len(points) <= MAX_THRESHOLDS, "schema_invalid")
    return points


def _points(name: str, low: Any, high: Any) -> list[int]:
    if name == "months":
        return _months(values.month(low), values.month(high))
    if name in ("days", "integers"):
        read = values.day if name == "days" else lambda v: integer(v, -MAX_SAFE)
        start, end = read(low), read(high)
        need(end - start < MAX_THRESHOLDS, "schema_invalid")
        return list(range(start, end + 1))
    first, last = (1, 9) if name == "one_digit" else (10, 99)
    return _digits(integer(low, 1), integer(high, 1), first, last)
