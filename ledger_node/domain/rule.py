"""Rules between the columns of a row: what a schema says must fit together.

``["valid_from", "<=", "valid_to"]`` compares two fields, or a field with a constant;
``{"if": ["count", "=", 0], "then": ["last_month", "<", "period_from"]}`` compares where a condition holds.
Besides fields there are the days ``as_of``, ``period_from`` and ``period_to`` and the year ``period_year``, in which
the period begins. None on record lies below every date, and no end above. Where a value is absent, nothing is compared.
Numbers are compared where they have the same scale and currency; constants are written as the field's values are.
"""

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Self, TypeAlias

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, schema_invalid
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.number import parse_number
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import EPOCH, FieldType, Period, Special, Value, parse_date, parse_month

MAX_RULES: Final = 64
_PARTS: Final = 3


class Kind(Enum):
    """What can be compared with one another."""

    NUMBER = auto()
    DAY = auto()
    MEMBER = auto()


_KIND_OF: Final = {
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.DATE: Kind.DAY,
    FieldType.MONTH: Kind.DAY,
    FieldType.ENUM: Kind.MEMBER,
}
_DAYS: Final = {
    "as_of": Kind.DAY,
    "period_from": Kind.DAY,
    "period_to": Kind.DAY,
    "period_year": Kind.NUMBER,
}
_ENDS: Final = (Special.NONE_ON_RECORD.value, Special.NO_END.value)
_RESERVED: Final = {*_DAYS, Special.NONE_ON_RECORD.value}
_COMPARE: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": lambda left, right: _rank(left) < _rank(right),
    "<=": lambda left, right: _rank(left) <= _rank(right),
    ">": lambda left, right: _rank(left) > _rank(right),
    ">=": lambda left, right: _rank(left) >= _rank(right),
}
_EQUALITY: Final = ("=", "!=")

Fields: TypeAlias = Mapping[str, Field]
"""Of a schema, by name."""


@dataclass(frozen=True, slots=True)
class Name:
    """The other side of a comparison where it is a field or a day."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left`` is a field or a day; ``right`` another one, or a constant."""

    left: str
    op: str
    right: Name | Value
    words: str

    def holds(self, row: Mapping[str, Value]) -> bool | None:
        """Return whether it holds in a row, or None where a value is absent."""
        left = row[self.left]
        right = row[self.right.name] if isinstance(self.right, Name) else self.right
        if Special.ABSENT in {left, right}:
            return None
        return _COMPARE[self.op](left, right)


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold, always or where ``condition`` does."""

    condition: Comparison | None
    then: Comparison

    @classmethod
    def from_json(cls, value: JSON, fields: Fields) -> Self:
        """Read a rule over ``fields``.

        Raises:
            InvalidInputError: ``schema_invalid``, or the member that is wrong.
        """
        if _RESERVED & fields.keys():
            raise schema_invalid(
                f"a schema with rules has no field called {', '.join(sorted(_RESERVED))}", field="rules"
            )
        if isinstance(value, dict):
            with JsonObject(value, "rule") as record:
                condition, then = record.take("if"), record.take("then")
            return cls(_comparison(condition, fields), _comparison(then, fields))
        return cls(None, _comparison(value, fields))

    def require(self, row: Mapping[str, Value]) -> None:
        """Require that a row obeys.

        Raises:
            InvalidInputError: ``row_inconsistent``, naming the field and the rule, and no value of the row.
        """
        if self.condition is not None and self.condition.holds(row) is not True:
            return
        if self.then.holds(row) is False:
            raise InvalidInputError(
                Reason.ROW_INCONSISTENT, f"the row contradicts itself: {self}", field=self.then.left
            )

    @override
    def __str__(self) -> str:
        return self.then.words if self.condition is None else f"if {self.condition.words}, then {self.then.words}"


def days_of(as_of: int, period: Period) -> dict[str, Value]:
    """Return the days that rules may name."""
    year = (EPOCH + dt.timedelta(days=period.first)).year
    return {"as_of": as_of, "period_from": period.first, "period_to": period.last, "period_year": year}


def _comparison(value: JSON, fields: Fields) -> Comparison:
    if not isinstance(value, list | tuple) or len(value) != _PARTS:
        raise schema_invalid('a comparison is written ["field", "<=", "other field"]', field="rules")
    left, op, right = value
    kind = _kind(left, fields)
    if not isinstance(left, str) or kind is None:
        raise schema_invalid(
            "a comparison begins with a number, a date, a month, an enum, or a day of the row", field="rules"
        )
    if not isinstance(op, str) or op not in _COMPARE:
        raise schema_invalid(f"a comparison is one of {' '.join(_COMPARE)}", field="rules")
    if kind is Kind.MEMBER and op not in _EQUALITY:
        raise schema_invalid("members of an enum are compared with = and !=", field="rules")
    return Comparison(left, op, _right(left, op, kind, right, fields), f"{left} {op} {right}")


def _right(left: str, op: str, kind: Kind, right: JSON, fields: Fields) -> Name | Value:
    # a member of an enum comes first: it may be called as a field is
    field = fields.get(left)
    if kind is Kind.MEMBER:
        if field is not None and right in field.members:
            return str(right)
    elif _kind(right, fields) is kind:
        if _counted(left, fields) == _counted(str(right), fields):
            return Name(str(right))
    elif kind is Kind.NUMBER:
        return parse_number(right, "rules", 0 if field is None else field.measure.scale)
    elif right in _ENDS:
        special = None if field is None else field.special(right)
        if op in _EQUALITY and special is not None:
            return special
    else:
        is_month = field is not None and field.type is FieldType.MONTH
        return parse_month(right, "rules") if is_month else parse_date(right, "rules")
    raise schema_invalid(f"'{left}' cannot be compared so", field="rules")


def _kind(name: JSON, fields: Fields) -> Kind | None:
    if not isinstance(name, str):
        return None
    if name in fields:
        return _KIND_OF.get(fields[name].type)
    return _DAYS.get(name)


def _counted(name: str, fields: Fields) -> tuple[int, str | None]:
    """Return the scale and the currency of what a name stands for, which numbers that are compared share."""
    return (fields[name].measure.scale, fields[name].measure.currency) if name in fields else (0, None)


def _rank(value: Value) -> tuple[int, int]:
    # none on record lies below every date, and no end above
    if value is Special.NONE_ON_RECORD:
        return -1, 0
    if value is Special.NO_END:
        return 1, 0
    assert isinstance(value, int)  # noqa: S101 - only numbers and days are compared so
    return 0, value
