"""Bounds of what a row may say: of each field, and of the days that an attestation is about.

A schema's field may have ``"bounds": {"from": …, "to": …}``, both included: integers for an integer, days written
YYYY-MM-DD for a date, months written YYYY-MM for a month. The upper end of a date or month may be ``"as_of"``.
"""

from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import FieldType, Special, Value, format_value, parse_value

AS_OF: Final = "as_of"
_BOUNDED: Final = (FieldType.INTEGER, FieldType.DATE, FieldType.MONTH)


@dataclass(frozen=True, slots=True)
class Bounds:
    """From ``low`` to ``high``, both included; ``high`` None: to the day that the data is of."""

    kind: FieldType
    low: int
    high: int | None

    @classmethod
    def from_json(cls, kind: FieldType, value: JSON) -> Self:
        """Read the bounds of a field of the type ``kind``.

        Raises:
            InvalidInputError: ``schema_invalid``, or the member that is wrong.
        """
        record = JsonObject(value, "bounds")
        if kind not in _BOUNDED:
            raise _invalid(f"a field of type {kind} has no bounds")
        low, raw = _end(kind, record.take("from")), record.take("to")
        record.done()
        high = None if raw == AS_OF and kind is not FieldType.INTEGER else _end(kind, raw)
        if high is not None and high < low:
            raise _invalid("bounds end before they begin")
        return cls(kind, low, high)

    def require(self, value: Value, as_of: int, name: str) -> None:
        """Require that a value lies within the bounds; what is absent or none on record does.

        Raises:
            InvalidInputError: ``value_out_of_bounds``, naming the field.
        """
        if isinstance(value, Special):
            return
        high = as_of if self.high is None else self.high
        if not self.low <= int(value) <= high:
            upper = "the day that the data is of" if self.high is None else format_value(self.kind, self.high)
            raise _out_of_bounds(f"'{name}' must lie between {format_value(self.kind, self.low)} and {upper}", name)


def require_days(as_of: int, period: Period, today: int) -> None:
    """Require that data can be of the day ``as_of`` and of ``period``, which has begun by then.

    Args:
        as_of: the day of the data, in days from 1970-01-01; no earlier day fits into a header.
        period: what the data covers.
        today: the day on which it is attested to.

    Raises:
        InvalidInputError: ``value_out_of_bounds``, naming ``as_of`` or ``period``.
    """
    if not 0 <= as_of <= today:
        raise _out_of_bounds("the day of the data lies between 1970-01-01 and today", AS_OF)
    if not 0 <= period.first <= as_of:
        raise _out_of_bounds("the period begins on 1970-01-01 or later, and not after the day of the data", "period")


def _end(kind: FieldType, raw: JSON) -> int:
    value = parse_value(kind, raw, "bounds")
    assert isinstance(value, int)  # noqa: S101 - of an integer, a date or a month
    return value


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.SCHEMA_INVALID, message, field="bounds")


def _out_of_bounds(message: str, name: str) -> InvalidInputError:
    return InvalidInputError(Reason.VALUE_OUT_OF_BOUNDS, message, field=name)
