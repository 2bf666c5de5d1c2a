"""Values of fields: their types, canonical bytes and JSON forms (CL1, vd plain); days, and the periods between them.

Integers are 16-byte two's complement of their smallest unit, dates and months i32 days from 1970-01-01 (a month is its
first day), text NFC UTF-8, codes printable ASCII, booleans one byte. Nothing is ever rounded or guessed.
"""

import datetime as dt
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Self, TypeAlias, assert_never

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.number import decimal_text, parse_number
from ledger_node.domain.reason import Reason

EPOCH: Final = dt.date(1970, 1, 1)
MAX_TEXT_BYTES: Final = 1024
MAX_INTEGER: Final = 2**127 - 1
"""What 16 bytes hold."""
_MAX_DAY: Final = 2**31 - 1
_FIRST_DAY: Final = (dt.date.min - EPOCH).days
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class FieldType(StrEnum):
    """The types a schema may name."""

    INTEGER = "integer"
    DATE = "date"
    MONTH = "month"
    TEXT = "text"
    CODE = "code"
    BOOL = "bool"
    ENUM = "enum"
    CODES = "codes"
    """A set of members, of which any number may be set, also none."""


class Special(Enum):
    """Three ways of having no ordinary value."""

    ABSENT = "absent"
    """The field has no value; its leaf says so (mode byte 0xff)."""
    NONE_ON_RECORD = "none"
    """Nothing of the kind ever happened: a date or month that lies below every day."""
    NO_END = "no end"
    """It goes on without an end: a date or month that lies above every day."""


Value: TypeAlias = int | str | bool | tuple[str, ...] | Special
"""Integers are smallest units, dates and months days; members of an enum are their names, of a set in its order."""

_TYPE_BYTE: Final = {
    FieldType.INTEGER: b"\x01",
    FieldType.DATE: b"\x02",
    FieldType.MONTH: b"\x02",
    FieldType.TEXT: b"\x03",
    FieldType.CODE: b"\x04",
    FieldType.BOOL: b"\x05",
}


def is_of_type(kind: FieldType, value: Value) -> bool:
    """Return whether ``value`` has the Python type and the range of ``kind``, so that its bytes mean it.

    The 16 bytes of an integer may be a text as well: canonical bytes alone do not say what was meant.
    """
    match kind:
        case FieldType.BOOL:
            return isinstance(value, bool)
        case FieldType.TEXT | FieldType.CODE | FieldType.ENUM:
            return isinstance(value, str)
        case FieldType.INTEGER:
            return _is_within(value, MAX_INTEGER)
        case FieldType.DATE | FieldType.MONTH:
            return _is_within(value, _MAX_DAY)
        case FieldType.CODES:
            return isinstance(value, tuple)
        case _:
            assert_never(kind)


def _is_within(value: Value, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -limit - 1 <= value <= limit


def encode_value(kind: FieldType, value: Value) -> bytes:
    """Return typeByte || canonical value, as it stands in ``vd plain``."""
    if isinstance(value, Special | tuple):
        raise TypeError("a special value has no canonical bytes, and a set has bits")
    if isinstance(value, bool):
        body = b"\x01" if value else b"\x00"
    elif isinstance(value, int):
        body = value.to_bytes(16 if kind is FieldType.INTEGER else 4, "big", signed=True)
    else:
        body = value.encode("utf-8")
    return _TYPE_BYTE[kind] + body


def parse_value(kind: FieldType, raw: JSON, name: str, *, scale: int = 0) -> Value:
    """Return the value that strict JSON ``raw`` stands for; ``name`` is the field, for the error.

    Args:
        kind: the type of the field.
        raw: what stands in the JSON.
        name: of the field.
        scale: decimals of an integer field. Where there are any, the number is a decimal text in its one writing.

    Raises:
        InvalidInputError: ``type_wrong``, ``value_malformed`` or ``value_out_of_range``.
    """
    return parse_number(raw, name, scale) if kind is FieldType.INTEGER else _PARSE[kind](raw, name)


def format_value(kind: FieldType, value: Value, *, scale: int = 0) -> JSON:
    """Return the JSON form that ``parse_value`` reads back; a special value has the form that its field reads."""
    if isinstance(value, Special):
        return None if value is Special.ABSENT else value.value
    if isinstance(value, tuple):
        return list(value)
    if kind is FieldType.DATE:
        return format_date(int(value))
    if kind is FieldType.MONTH:
        return format_date(int(value))[:7]
    return decimal_text(int(value), scale) if scale and kind is FieldType.INTEGER else value


def successor(kind: FieldType, value: int) -> int:
    """Return the next value of an integer, date or month field: one smallest unit, day or month later."""
    if kind is not FieldType.MONTH:
        return value + 1
    month = EPOCH + dt.timedelta(days=value)
    return value + monthrange(month.year, month.month)[1]


def predecessor(kind: FieldType, value: int) -> int:
    """Return the value before ``value``, of days the first that there is at the earliest."""
    if kind is FieldType.INTEGER:
        return value - 1
    before = EPOCH + dt.timedelta(days=max(value - 1, _FIRST_DAY))
    return (before.replace(day=1) - EPOCH).days if kind is FieldType.MONTH else (before - EPOCH).days


def parse_date(raw: object, name: str) -> int:
    """Return the days from 1970-01-01 of an ISO date YYYY-MM-DD."""
    if not isinstance(raw, str):
        raise _type_wrong(name, "a date written YYYY-MM-DD")
    try:
        day = dt.date.fromisoformat(raw)
    except ValueError as error:
        raise _malformed(name, "a date written YYYY-MM-DD") from error
    if day.isoformat() != raw:
        raise _malformed(name, "a date written YYYY-MM-DD")
    return (day - EPOCH).days


def parse_month(raw: object, name: str) -> int:
    """Return the days from 1970-01-01 of the first day of a month YYYY-MM."""
    if not isinstance(raw, str) or len(raw) != len("YYYY-MM"):
        raise _type_wrong(name, "a month written YYYY-MM")
    try:
        return parse_date(raw + "-01", name)
    except InvalidInputError as error:
        raise _malformed(name, "a month written YYYY-MM") from error


def format_date(days: int) -> str:
    """Return the ISO date of ``days`` from 1970-01-01."""
    return (EPOCH + dt.timedelta(days=days)).isoformat()


def add_months(days: int, months: int) -> int:
    """Return the first day of the month that lies ``months`` after the month of ``days``.

    Raises:
        InvalidInputError: ``value_out_of_range`` beyond the years 1 to 9999.
    """
    day = EPOCH + dt.timedelta(days=days)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, "months lie within the years 1 to 9999")
    return (dt.date(year, month + 1, 1) - EPOCH).days


def _text(raw: JSON, name: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise _type_wrong(name, "a text that is not empty")
    try:
        encoded = raw.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _malformed(name, "valid Unicode") from error
    if len(encoded) > MAX_TEXT_BYTES:
        raise InvalidInputError(Reason.TOO_LARGE, f"'{name}' is longer than {MAX_TEXT_BYTES} bytes", field=name)
    if not unicodedata.is_normalized("NFC", raw):
        raise _malformed(name, "text in Unicode normalisation form NFC")
    if _CONTROL.search(raw):
        # no question can name such a text
        raise _malformed(name, "text without control characters")
    return raw


def _code(raw: JSON, name: str) -> str:
    text = _text(raw, name)
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise _malformed(name, "a code of printable ASCII characters without spaces")
    return text


def _bool(raw: JSON, name: str) -> bool:
    if not isinstance(raw, bool):
        raise _type_wrong(name, "true or false")
    return raw


def _codes(raw: JSON, name: str) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        raise _type_wrong(name, "a list of members, which may be empty")
    if any(not isinstance(member, str) for member in raw):
        raise _type_wrong(name, "a list of texts")
    return tuple(str(member) for member in raw)


def _type_wrong(name: str, expected: str) -> InvalidInputError:
    return InvalidInputError(Reason.TYPE_WRONG, f"'{name}' must be {expected}", field=name)


def _malformed(name: str, expected: str) -> InvalidInputError:
    return InvalidInputError(Reason.VALUE_MALFORMED, f"'{name}' must be {expected}", field=name)


_PARSE: Final[Mapping[FieldType, Callable[[JSON, str], Value]]] = {
    FieldType.DATE: parse_date,
    FieldType.MONTH: parse_month,
    FieldType.TEXT: _text,
    FieldType.CODE: _code,
    FieldType.ENUM: _text,
    FieldType.BOOL: _bool,
    FieldType.CODES: _codes,
}
_MONTHS_A_YEAR: Final = 12
_END: Final = parse_date("9999-01-01", "period")
"""Periods end before the last year that dates can have, so that the day after them is one too."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """First and last day, both included, in days from 1970-01-01.

    Written ``2025``, ``2025-03``, or ``2025-01-01:2025-06-30``; the shortest form is the canonical one.
    """

    first: int
    last: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a period.

        Raises:
            InvalidInputError: ``value_malformed``.
        """
        if isinstance(raw, str):
            if re.fullmatch(r"[0-9]{4}", raw):
                return cls._months(parse_date(f"{raw}-01-01", "period"), _MONTHS_A_YEAR)
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}", raw):
                return cls._months(parse_date(f"{raw}-01", "period"), 1)
            first, colon, last = raw.partition(":")
            if colon:
                period = cls(parse_date(first, "period"), parse_date(last, "period"))
                if period.first <= period.last < _END:
                    return period
        raise InvalidInputError(
            Reason.VALUE_MALFORMED,
            "write a period as 2025, 2025-03 or 2025-01-01:2025-06-30",
            field="period",
        )

    @classmethod
    def _months(cls, first: int, months: int) -> Self:
        return cls(first, add_months(first, months) - 1)

    @override
    def __str__(self) -> str:
        first = format_date(self.first)
        if first.endswith("-01-01") and self == Period._months(self.first, _MONTHS_A_YEAR):
            return first[:4]
        if first.endswith("-01") and self == Period._months(self.first, 1):
            return first[:7]
        return f"{first}:{format_date(self.last)}"
