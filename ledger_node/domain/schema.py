"""Schemas: what a type of attestation says of a subject (CL1, schemaId = H(0x20 || canonical JSON))."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ledger_node.domain.bound import Bounds
from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.ladder import Ladder
from ledger_node.domain.name import shown_name
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason
from ledger_node.domain.rule import MAX_RULES, Rule, days_of
from ledger_node.domain.tree import depth_of
from ledger_node.domain.value import FieldType, Special, Value, parse_value

MAX_FIELDS: Final = 256
MAX_MEMBERS: Final = 256
MAX_PER: Final = 4
ISSUER: Final = "issuer"
"""What a question names a department by, beside the fields that tell attestations apart; no such field is called so."""
_SECONDS_A_DAY: Final = 86_400
_BEIJING: Final = 8 * 3600
"""Days that a department writes are days in China, which begin eight hours before those of UTC."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MEMBER: Final = re.compile(r"[A-Za-z0-9_]{1,32}\Z")
_NAMEABLE: Final = re.compile(r"[^\s\[\],;=\x00-\x1f](?:[^\[\],;=\x00-\x1f]*[^\s\[\],;=\x00-\x1f])?\Z")
"""Values that questions can name without a doubt where they end."""
_LADDER_KINDS: Final = {
    FieldType.INTEGER: {"one_digit", "two_digits", "integers"},
    FieldType.DATE: {"months", "days"},
    FieldType.MONTH: {"months"},
}


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


@dataclass(frozen=True, slots=True)
class Per:
    """A field whose value tells attestations of one subject and period apart.

    ``total``: the value that stands for what the department itself declares over all of them, if there is one.
    """

    field: Field
    total: str | None


@dataclass(frozen=True, slots=True)
class Schema:
    """An ordered list of fields under a name and version; ``id`` is the digest everybody refers to."""

    name: str
    version: int
    fields: tuple[Field, ...]
    id: bytes
    spec: JSON
    per: tuple[Per, ...] = ()
    rules: tuple[Rule, ...] = ()
    valid_to: str | None = None

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read a schema and compute its id.

        Raises:
            InvalidInputError: ``schema_invalid`` or the member that is wrong.
        """
        record = JsonObject(value, "schema")
        name = _named(record.text("name"))
        version = record.integer("version", low=1, high=2**31)
        items = record.items("fields", max_items=MAX_FIELDS)
        totals = _totals(record) if "per" in record else {}
        raw_rules = record.items("rules", max_items=MAX_RULES) if "rules" in record else ()
        valid_to = record.text("valid_to") if "valid_to" in record else None
        record.done()
        fields = tuple(_field(index, item, totals) for index, item in enumerate(items))
        named = {field.name: field for field in fields}
        if not fields or len(named) != len(fields):
            raise _invalid("a schema has at least one field, and no field twice")
        shapes = {field.name: (field.type, field.members, field.none_on_record) for field in fields}
        return cls(
            name,
            version,
            fields,
            keccak(b"\x20" + encode(value)),
            value,
            per=tuple(_per(named, field, total) for field, total in totals.items()),
            rules=tuple(Rule.from_json(item, shapes) for item in raw_rules),
            valid_to=None if valid_to is None else _end_of_validity(valid_to, fields),
        )

    @property
    def depth(self) -> int:
        """Depth of the tree of fields."""
        return depth_of(len(self.fields))

    def field(self, name: str) -> Field:
        """Return the field called ``name``.

        Raises:
            InvalidInputError: ``field_unknown``, listing the fields there are.
        """
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise InvalidInputError(
            Reason.FIELD_UNKNOWN, f"schema {self.name} has no such field; it has {known}", field=shown_name(name)
        )

    def parse_values(self, raw: Mapping[str, JSON]) -> tuple[Value, ...]:
        """Return the values of one attestation in the order of the fields.

        Raises:
            InvalidInputError: a field is unknown, missing or malformed.
        """
        for name in raw:
            self.field(name)
        return tuple(field.parse(raw.get(field.name)) for field in self.fields)

    def require_sense(self, values: Sequence[Value], *, as_of: int, period: Period) -> None:
        """Require that values lie within the bounds of their fields, and obey the rules between them.

        Args:
            values: of one attestation, in the order of the fields.
            as_of: the day that they are of, in days from 1970-01-01.
            period: what they cover.

        Raises:
            InvalidInputError: ``value_out_of_bounds`` or ``row_inconsistent``; the field is named, no value is.
        """
        for field, value in zip(self.fields, values, strict=True):
            if field.bounds is not None:
                field.bounds.require(value, as_of, field.name)
        row = {field.name: value for field, value in zip(self.fields, values, strict=True)} | days_of(as_of, period)
        for rule in self.rules:
            rule.require(row)

    def valid_until(self, values: Sequence[Value], *, issued_at: int, valid_days: int) -> int:
        """Return the second from which an attestation is over: ``valid_days`` after issuing, or with its ``valid_to``.

        What is valid to a day is over when that day ends in China (UTC+8).
        """
        end = issued_at + valid_days * _SECONDS_A_DAY
        for field, value in zip(self.fields, values, strict=True):
            if field.name == self.valid_to and not isinstance(value, Special):
                end = min(end, (int(value) + 1) * _SECONDS_A_DAY - _BEIJING)
        return end


def day_in_china(time: int) -> int:
    """Return the day, in days from 1970-01-01, that it is in China at ``time`` (seconds, UTC)."""
    return (time + _BEIJING) // _SECONDS_A_DAY


def _end_of_validity(name: str, fields: Sequence[Field]) -> str:
    for field in fields:
        if field.name == name and field.type is FieldType.DATE and field.bounds is not None and field.bounds.low >= 0:
            return field.name
    raise _invalid("'valid_to' names a date of the schema whose bounds begin in 1970 or later")


def _totals(record: JsonObject) -> dict[str, str | None]:
    """Return the names of the fields that tell attestations apart, each with the value of its total."""
    totals: dict[str, str | None] = {}
    for item in record.items("per", max_items=MAX_PER):
        member = JsonObject(item, "per")
        name = member.text("field")
        if name in totals:
            raise _invalid(f"field '{shown_name(name)}' stands twice in 'per'")
        totals[name] = member.text("total") if "total" in member else None
        member.done()
    if not totals:
        raise _invalid("'per' names at least one field, or is left out")
    return totals


def _per(fields: Mapping[str, Field], name: str, total: str | None) -> Per:
    field = fields.get(name)
    if field is None:
        raise _invalid(f"'per' names '{shown_name(name)}', which is no field")
    sound = field.mode is Mode.ENUM or (field.mode is Mode.PLAIN and field.type in {FieldType.TEXT, FieldType.CODE})
    if not sound or field.optional or name == ISSUER:
        raise _invalid(f"field '{name}' tells nothing apart: only a plain text or code or an enum that is never absent")
    if total is not None:
        try:
            field.parse(total)
        except InvalidInputError as error:
            raise _invalid(f"the total of '{name}' is no value of it") from error
    return Per(field, total)


def _field(index: int, value: JSON, totals: Mapping[str, str | None]) -> Field:
    record = JsonObject(value, "field")
    name = _named(record.text("name"))
    try:
        kind = FieldType(record.text("type"))
        mode = Mode(record.text("mode"))
    except ValueError as error:
        raise _invalid(f"field '{name}' has an unknown type or mode") from error
    unit = record.text("unit") if "unit" in record else None
    ladder = Ladder.from_json(record.take("ladder")) if mode is Mode.LADDER else None
    members = record.texts("members", max_items=MAX_MEMBERS) if mode is Mode.ENUM else ()
    optional, none_on_record = record.flag("optional"), record.flag("none_on_record")
    bounds = Bounds.from_json(kind, record.take("bounds")) if "bounds" in record else None
    record.done()
    _require_sense(name, kind, mode, members, ladder, none_on_record=none_on_record)
    apart = name in totals
    return Field(index, name, kind, mode, unit, ladder, members, optional, none_on_record, apart, bounds)


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
        raise _invalid(f"field '{name}': type enum and mode enum go together")
    if ladder is not None and ladder.kind not in _LADDER_KINDS.get(kind, set()):
        raise _invalid(f"field '{name}': a field of type {kind} does not lie on a ladder of {ladder.kind}")
    if none_on_record and (mode is not Mode.LADDER or kind is FieldType.INTEGER):
        raise _invalid(f"field '{name}': none on record is for dates and months on a ladder")
    if mode is Mode.ENUM and (
        len(members) < 2  # noqa: PLR2004 - a set of one member answers nothing
        or len(set(members)) != len(members)
        or not all(_MEMBER.match(member) for member in members)
    ):
        raise _invalid(f"field '{name}' needs two or more different members of letters, digits and _")


def _named(name: str) -> str:
    if not _NAME.match(name):
        raise _invalid("names are lower-case letters, digits and _, starting with a letter")
    return name


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.SCHEMA_INVALID, message)
