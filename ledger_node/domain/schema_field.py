"""Fields of schemas: what type of value each has, how it is committed to (CL1, schemas), and its bounds.

A field may have ``"bounds": {"from": …, "to": …}``, both included: integers for an integer, days written YYYY-MM-DD for
a date, months written YYYY-MM for a month. The upper end of a date or month may be ``"as_of"``.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, schema_invalid
from ledger_node.domain.json_object import JsonObject, member_of
from ledger_node.domain.ladder import Ladder
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import FieldType, Period, Special, Value, format_value, parse_value

AS_OF: Final = "as_of"
MAX_MEMBERS: Final = 256
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MEMBER: Final = re.compile(r"[A-Za-z0-9_]{1,32}\Z")
_NAMEABLE: Final = re.compile(r"[^\s\[\],;=\x00-\x1f](?:[^\[\],;=\x00-\x1f]*[^\s\[\],;=\x00-\x1f])?\Z")
"""Values that questions can name without a doubt where they end."""
_LADDER_KINDS: Final = {
    FieldType.INTEGER: {"one_digit", "two_digits", "integers"},
    FieldType.DATE: {"months", "days"},
    FieldType.MONTH: {"months"},
}
_BOUNDED: Final = (FieldType.INTEGER, FieldType.DATE, FieldType.MONTH)


class Mode(StrEnum):
    """How a field is committed to, and so which questions it can answer."""

    PLAIN = "plain"
    LADDER = "ladder"
    ENUM = "enum"

    @property
    def byte(self) -> bytes:
        """The mode byte of the leaf."""
        return _MODE_BYTE[self]


_MODE_BYTE: Final = {Mode.PLAIN: b"\x01", Mode.LADDER: b"\x02", Mode.ENUM: b"\x03"}
ABSENT_BYTE: Final = b"\xff"


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
        with JsonObject(value, "bounds") as record:
            if kind not in _BOUNDED:
                raise schema_invalid(f"a field of type {kind} has no bounds", field="bounds")
            low, raw = _end(kind, record.take("from")), record.take("to")
        high = None if raw == AS_OF and kind is not FieldType.INTEGER else _end(kind, raw)
        if high is not None and high < low:
            raise schema_invalid("bounds end before they begin", field="bounds")
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


@dataclass(frozen=True, slots=True)
class Field:
    """One claim of a schema. ``index`` is its slot in the tree of fields.

    ``tells_apart``: its value tells attestations of one subject and period apart, and questions may name it.
    """

    index: int
    name: str
    type: FieldType
    mode: Mode
    unit: str | None
    ladder: Ladder | None
    members: tuple[str, ...]
    optional: bool
    none_on_record: bool
    tells_apart: bool = False
    bounds: Bounds | None = None

    def parse(self, raw: JSON) -> Value:
        """Return the value that ``raw`` stands for: null is absent, "none" is none on record.

        Raises:
            InvalidInputError: the value is missing, malformed or not a member; the field is named.
        """
        if raw is None:
            if not self.optional:
                raise InvalidInputError(Reason.VALUE_MISSING, f"'{self.name}' needs a value", field=self.name)
            return Special.ABSENT
        if raw == "none" and self.none_on_record:
            return Special.NONE_ON_RECORD
        value = parse_value(self.type, raw, self.name)
        if self.mode is Mode.ENUM and value not in self.members:
            raise InvalidInputError(
                Reason.SET_MEMBER_UNKNOWN,
                f"'{self.name}' must be one of {', '.join(self.members)}",
                field=self.name,
            )
        if self.tells_apart and not _NAMEABLE.match(str(value)):
            raise InvalidInputError(
                Reason.VALUE_MALFORMED,
                f"questions name '{self.name}', so it has no [ ] , ; = and no space at its ends",
                field=self.name,
            )
        return value

    def require_ladder(self) -> Ladder:
        """Return the ladder of a field in mode ladder."""
        if self.ladder is None:
            raise InvalidInputError(
                Reason.OPERATOR_UNSUPPORTED, f"'{self.name}' has no ladder of thresholds", field=self.name
            )
        return self.ladder


def field_from_json(index: int, value: JSON, tells_apart: Collection[str]) -> Field:
    """Read a field of a schema. ``tells_apart``: names of those that tell attestations apart.

    Raises:
        InvalidInputError: ``schema_invalid`` or the member that is wrong.
    """
    with JsonObject(value, "field") as record:
        name = require_name(record.text("name"))
        unknown = schema_invalid(f"field '{name}' has an unknown type or mode")
        kind = member_of(FieldType, record.text("type"), unknown)
        mode = member_of(Mode, record.text("mode"), unknown)
        unit = record.text("unit") if "unit" in record else None
        ladder = Ladder.from_json(record.take("ladder")) if mode is Mode.LADDER else None
        members = record.texts("members", max_items=MAX_MEMBERS) if mode is Mode.ENUM else ()
        optional, none_on_record = record.flag("optional"), record.flag("none_on_record")
        bounds = Bounds.from_json(kind, record.take("bounds")) if "bounds" in record else None
    _require_sense(name, kind, mode, members, ladder, none_on_record=none_on_record)
    return Field(index, name, kind, mode, unit, ladder, members, optional, none_on_record, name in tells_apart, bounds)


def _require_sense(
    name: str,
    kind: FieldType,
    mode: Mode,
    members: tuple[str, ...],
    ladder: Ladder | None,
    *,
    none_on_record: bool,
) -> None:
    if (mode is Mode.ENUM) != (kind is FieldType.ENUM):
        raise schema_invalid(f"field '{name}': type enum and mode enum go together")
    if ladder is not None and ladder.kind not in _LADDER_KINDS.get(kind, set()):
        raise schema_invalid(f"field '{name}': a field of type {kind} does not lie on a ladder of {ladder.kind}")
    if none_on_record and (mode is not Mode.LADDER or kind is FieldType.INTEGER):
        raise schema_invalid(f"field '{name}': none on record is for dates and months on a ladder")
    if mode is Mode.ENUM and (
        len(members) < 2  # noqa: PLR2004 - a set of one member answers nothing
        or len(set(members)) != len(members)
        or not all(_MEMBER.match(member) for member in members)
    ):
        raise schema_invalid(f"field '{name}' needs two or more different members of letters, digits and _")


def require_name(name: str) -> str:
    """Return a name of a schema or a field.

    Raises:
        InvalidInputError: ``schema_invalid``.
    """
    if not _NAME.match(name):
        raise schema_invalid("names are lower-case letters, digits and _, starting with a letter")
    return name


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


def _out_of_bounds(message: str, name: str) -> InvalidInputError:
    return InvalidInputError(Reason.VALUE_OUT_OF_BOUNDS, message, field=name)
