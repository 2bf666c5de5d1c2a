"""Fields of schemas: what type of value each has, how it is committed to (CL1, schemas), and its bounds.

A field may have ``"bounds": {"from": …, "to": …}``, both included and written as its values are: numbers of an integer,
days YYYY-MM-DD of a date, months YYYY-MM of a month. The upper end of a date or month may be ``"as_of"``.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, schema_invalid
from ledger_node.domain.json_object import JsonObject, member_of
from ledger_node.domain.ladder import Ladder, LadderField
from ledger_node.domain.measure import PLAIN_COUNT, Measure
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import FieldType, Period, Special, Value, format_value, parse_value

AS_OF: Final = "as_of"
MAX_MEMBERS: Final = 256
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MEMBER: Final = re.compile(r"[A-Za-z0-9_]{1,32}\Z")
_NAMEABLE: Final = re.compile(r"[^\s\[\],;=\x00-\x1f](?:[^\[\],;=\x00-\x1f]*[^\s\[\],;=\x00-\x1f])?\Z")
"""Values that questions can name without a doubt where they end."""
_BOUNDED: Final = (FieldType.INTEGER, FieldType.DATE, FieldType.MONTH)


class Mode(StrEnum):
    """How a field is committed to, and so which questions it can answer."""

    PLAIN = "plain"
    LADDER = "ladder"
    ENUM = "enum"


_MODE_BYTE: Final = {Mode.PLAIN: b"\x01", Mode.LADDER: b"\x02", Mode.ENUM: b"\x03"}
_CODES_BYTE: Final = b"\x04"
"""A set has a mode byte of its own: of an enum exactly one bit is set, so a bit proof says more of it."""
ABSENT_BYTE: Final = b"\xff"


@dataclass(frozen=True, slots=True)
class Bounds:
    """From ``low`` to ``high``, both included; ``high`` None: to the day that the data is of."""

    kind: FieldType
    low: int
    high: int | None
    measure: Measure = PLAIN_COUNT

    @classmethod
    def from_json(cls, kind: FieldType, value: JSON, measure: Measure = PLAIN_COUNT) -> Self:
        """Read the bounds of a field of the type ``kind``.

        Raises:
            InvalidInputError: ``schema_invalid``, or the member that is wrong.
        """
        with JsonObject(value, "bounds") as record:
            if kind not in _BOUNDED:
                raise schema_invalid(f"a field of type {kind} has no bounds", field="bounds")
            low, raw = _end(kind, record.take("from"), measure.scale), record.take("to")
        high = None if raw == AS_OF and kind is not FieldType.INTEGER else _end(kind, raw, measure.scale)
        if high is not None and high < low:
            raise schema_invalid("bounds end before they begin", field="bounds")
        return cls(kind, low, high, measure)

    def require(self, value: Value, as_of: int, name: str) -> None:
        """Require that a value lies within the bounds; what is absent, none on record or without an end does.

        Raises:
            InvalidInputError: ``value_out_of_bounds``, naming the field.
        """
        if not isinstance(value, int):
            return
        high = as_of if self.high is None else self.high
        if not self.low <= value <= high:
            upper = "the day that the data is of" if self.high is None else self._text(self.high)
            raise _out_of_bounds(f"'{name}' must lie between {self._text(self.low)} and {upper}", name)

    def _text(self, end: int) -> str:
        return str(format_value(self.kind, end, scale=self.measure.scale))


@dataclass(frozen=True, slots=True)
class Field:
    """One claim of a schema. ``index`` is its slot in the tree of fields.

    ``tells_apart``: its value tells attestations of one subject and period apart, and questions may name it.
    """

    index: int
    name: str
    type: FieldType
    mode: Mode
    measure: Measure
    ladder: Ladder | None
    members: tuple[str, ...]
    optional: bool
    none_on_record: bool
    no_end: bool = False
    tells_apart: bool = False
    bounds: Bounds | None = None

    @property
    def mode_byte(self) -> bytes:
        """The mode byte of the leaf of a value."""
        return _CODES_BYTE if self.type is FieldType.CODES else _MODE_BYTE[self.mode]

    def parse(self, raw: JSON) -> Value:
        """Return the value that ``raw`` stands for: null is absent, "none" none on record, "no end" without one.

        Raises:
            InvalidInputError: the value is missing, malformed or not a member; the field is named.
        """
        if raw is None:
            if not self.optional:
                raise InvalidInputError(Reason.VALUE_MISSING, f"'{self.name}' needs a value", field=self.name)
            return Special.ABSENT
        special = self.special(raw)
        if special is not None:
            return special
        value = parse_value(self.type, raw, self.name, scale=self.measure.scale)
        if isinstance(value, tuple):
            return self.in_order(value)
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

    def special(self, raw: JSON) -> Special | None:
        """Return which end of the ladder ``raw`` names, of those that the field may have."""
        ends = {Special.NONE_ON_RECORD: self.none_on_record, Special.NO_END: self.no_end}
        return next((end for end, may in ends.items() if may and raw == end.value), None)

    def in_order(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return members in the order of the schema, so that a reordered set is the same one.

        Raises:
            InvalidInputError: ``set_member_unknown`` or ``set_duplicate``.
        """
        if any(name not in self.members for name in names):
            raise InvalidInputError(
                Reason.SET_MEMBER_UNKNOWN, f"members of '{self.name}' are {', '.join(self.members)}", field=self.name
            )
        if len(set(names)) != len(names):
            raise InvalidInputError(Reason.SET_DUPLICATE, "a member stands twice in the set", field=self.name)
        return tuple(member for member in self.members if member in names)

    def require_resolution(self, value: Value) -> None:
        """Require that a number is a multiple of what the source is rounded to.

        Raises:
            InvalidInputError: ``value_out_of_bounds``, naming the field.
        """
        resolution = self.measure.resolution
        if resolution is not None and isinstance(value, int) and value % resolution:
            raise _out_of_bounds(f"'{self.name}' must be a multiple of {self.measure.text(resolution)}", self.name)

    def format(self, value: Value) -> JSON:
        """Return the JSON form of a value, which ``parse`` reads back."""
        return format_value(self.type, value, scale=self.measure.scale)

    def text(self, value: Value) -> str:
        """Return a value as texts write it: a number with its currency or unit, a set in braces."""
        match value:
            case bool():
                return "true" if value else "false"
            case int() if self.type is FieldType.INTEGER:
                return self.measure.text(value)
            case tuple():
                return f"{{{', '.join(value)}}}"
            case Special():
                return value.value
            case _:
                return str(self.format(value))

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
        measure = Measure.from_record(record) if kind is FieldType.INTEGER else PLAIN_COUNT
        optional, none_on_record, no_end = (record.flag(flag) for flag in ("optional", "none_on_record", "no_end"))
        shape = LadderField(kind, measure.scale, none_on_record, no_end)
        ladder = Ladder.from_json(record.take("ladder"), shape) if mode is Mode.LADDER else None
        members = record.texts("members", max_items=MAX_MEMBERS) if mode is Mode.ENUM else ()
        bounds = Bounds.from_json(kind, record.take("bounds"), measure) if "bounds" in record else None
    _require_sense(name, kind, mode, members, has_ends=none_on_record or no_end)
    return Field(
        index, name, kind, mode, measure, ladder, members, optional, none_on_record, no_end, name in tells_apart, bounds
    )


def _require_sense(name: str, kind: FieldType, mode: Mode, members: tuple[str, ...], *, has_ends: bool) -> None:
    if (mode is Mode.ENUM) != (kind in {FieldType.ENUM, FieldType.CODES}):
        raise schema_invalid(f"field '{name}': types enum and codes go with mode enum")
    if has_ends and (mode is not Mode.LADDER or kind is FieldType.INTEGER):
        raise schema_invalid(f"field '{name}': none on record and no end are for dates and months on a ladder")
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


def _end(kind: FieldType, raw: JSON, scale: int) -> int:
    value = parse_value(kind, raw, "bounds", scale=scale)
    assert isinstance(value, int)  # noqa: S101 - of an integer, a date or a month
    return value


def _out_of_bounds(message: str, name: str) -> InvalidInputError:
    return InvalidInputError(Reason.VALUE_OUT_OF_BOUNDS, message, field=name)
