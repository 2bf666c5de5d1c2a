"""Days, months and the canonical values of plain fields (clauses 3 and 17)."""

import calendar
import datetime as dt
import re
import unicodedata
from typing import Any

from .errors import RefusedError, need
from .strict import MAX_SAFE, is_int

EPOCH = dt.date(1970, 1, 1).toordinal()
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}\Z")
TYPE_BYTES = {"integer": 1, "date": 2, "month": 2, "text": 3, "code": 4, "bool": 5}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?\Z")
CODE = re.compile(r"[\x21-\x7e]*\Z")
MAX_VALUE = 1024


def day(value: Any) -> int:
    """Days from 1970-01-01 of a text YYYY-MM-DD, years 0001 to 9999."""
    need(isinstance(value, str), "type_wrong")
    need(DAY.match(value), "value_malformed")
    try:
        return dt.date.fromisoformat(value).toordinal() - EPOCH
    except ValueError as error:
        raise RefusedError("value_malformed") from error


def month(value: Any) -> int:
    """The first day of the month of a text YYYY-MM."""
    need(isinstance(value, str), "type_wrong")
    need(MONTH.match(value), "value_malformed")
    return day(value + "-01")


def date_of(days: int) -> dt.date:
    """The date so many days after 1970-01-01."""
    return dt.date.fromordinal(days + EPOCH)


def day_text(days: int) -> str:
    """YYYY-MM-DD."""
    return date_of(days).isoformat()


def months_before(days: int, months: int, whole: bool) -> int | None:
    """`as_of - N months`: the month's first day, or the same day, or the last one of a shorter month (clause 17)."""
    start = date_of(days)
    count = start.year * 12 + start.month - 1 - months
    year, index = divmod(count, 12)
    if year < 1:
        return None
    first = dt.date(year, index + 1, 1)
    if whole:
        return first.toordinal() - EPOCH
    last = calendar.monthrange(year, index + 1)[1]
    return first.toordinal() - EPOCH + min(start.day, last) - 1


def number(value: Any, scale: int) -> int:
    """Smallest units of an integer, or with a scale of a decimal text in its one writing (clause 3)."""
    if scale:
        need(isinstance(value, str), "type_wrong")
        need(NUMBER.match(value) and value != "-0", "value_malformed")
        whole, _, decimals = value.partition(".")
        need(len(decimals) <= scale, "value_malformed")
        value = int(whole + decimals.ljust(scale, "0"))
    need(is_int(value), "type_wrong")
    need(abs(value) <= MAX_SAFE, "value_out_of_range")
    return int(value)


def number_text(value: int, scale: int) -> str:
    """The one writing of so many smallest units."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, decimals = (digits[:-scale], digits[-scale:].rstrip("0")) if scale else (digits, "")
    return ("-" if value < 0 else "") + whole + ("." + decimals if decimals else "")


def next_value(kind: str, value: int) -> int:
    """The value after this one: a smallest unit, a day, or a month later (clause 10)."""
    if kind != "month":
        return value + 1
    start = date_of(value)
    return value + calendar.monthrange(start.year, start.month)[1]


def typed(kind: str, value: Any, scale: int = 0) -> Any:
    """The value of a plain field, days as integers; refused where it is none of the type (clause 3)."""
    if kind == "integer":
        return number(value, scale)
    if kind == "codes":
        need(isinstance(value, list) and all(isinstance(one, str) for one in value), "type_wrong")
        return tuple(value)
    if kind == "bool":
        need(isinstance(value, bool), "type_wrong")
        return value
    need(isinstance(value, str), "type_wrong")
    if kind in ("date", "month"):
        return day(value) if kind == "date" else month(value)
    _text(kind, value)
    return value


def _text(kind: str, value: str) -> None:
    need(value, "value_malformed", "empty")
    need(len(value.encode()) <= MAX_VALUE, "too_large")
    if kind == "code":
        need(CODE.match(value), "value_malformed")
        return
    need(unicodedata.is_normalized("NFC", value), "value_malformed")
    need(not any(c < " " or "\x7f" <= c <= "\x9f" for c in value), "value_malformed")


def encode(kind: str, value: Any) -> bytes:
    """Type byte and canonical value (clause 3) of what `typed` gave."""
    head = bytes([TYPE_BYTES[kind]])
    if kind == "integer":
        return head + value.to_bytes(16, signed=True)
    if kind in ("date", "month"):
        return head + value.to_bytes(4, signed=True)
    if kind == "bool":
        return head + bytes([value])
    return head + value.encode()
