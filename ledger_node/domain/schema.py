"""Schemas: what a type of attestation says of a subject (CL1, schemaId = H(0x20 || canonical JSON)).

Several versions of one name stand side by side, each known by its id; questions are read by the newest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.error import InvalidInputError, VerificationError, schema_invalid, shown_name
from ledger_node.domain.hashing import depth_of, keccak
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.rule import MAX_RULES, Rule, days_of
from ledger_node.domain.schema_field import Field, Mode, field_from_json, require_name
from ledger_node.domain.value import FieldType, Period, Value

MAX_FIELDS: Final = 256
MAX_PER: Final = 4
MAX_STEPS: Final = 2**17
"""Thresholds of all ladders together: so many steps does it take to commit to an attestation, whatever its values."""
ISSUER: Final = "issuer"
"""What a question names a department by, beside the fields that tell attestations apart; no such field is called so."""
_SECONDS_A_DAY: Final = 86_400
_BEIJING: Final = 8 * 3600
"""Days that a department writes are days in China, which begin eight hours before those of UTC."""


@dataclass(frozen=True, slots=True)
class KindField:
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
    per: tuple[KindField, ...] = ()
    rules: tuple[Rule, ...] = ()
    valid_to: str | None = None

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read a schema and compute its id.

        Raises:
            InvalidInputError: ``schema_invalid`` or the member that is wrong.
        """
        with JsonObject(value, "schema") as record:
            name = require_name(record.text("name"))
            version = record.integer("version", low=1, high=2**31)
            items = record.items("fields", max_items=MAX_FIELDS)
            totals = _totals(record) if "per" in record else {}
            raw_rules = record.items("rules", max_items=MAX_RULES) if "rules" in record else ()
            valid_to = record.text("valid_to") if "valid_to" in record else None
        fields = tuple(field_from_json(index, item, totals) for index, item in enumerate(items))
        named = {field.name: field for field in fields}
        if not fields or len(named) != len(fields):
            raise schema_invalid("a schema has at least one field, and no field twice")
        if sum(len(field.ladder) for field in fields if field.ladder is not None) > MAX_STEPS:
            raise schema_invalid(f"the ladders of a schema have at most {MAX_STEPS} points together")
        return cls(
            name,
            version,
            fields,
            keccak(b"\x20" + encode(value)),
            value,
            per=tuple(_per(named, field, total) for field, total in totals.items()),
            rules=tuple(Rule.from_json(item, named) for item in raw_rules),
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
        """Require that values lie within the bounds and resolutions of their fields, and obey the rules between them.

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
            field.require_resolution(value)
        row = {field.name: value for field, value in zip(self.fields, values, strict=True)} | days_of(as_of, period)
        for rule in self.rules:
            rule.require(row)

    def valid_until(self, values: Sequence[Value], *, issued_at: int, valid_days: int) -> int:
        """Return the second from which an attestation is over: ``valid_days`` after issuing, or with its ``valid_to``.

        What is valid to a day is over when that day ends in China (UTC+8).
        """
        end = issued_at + valid_days * _SECONDS_A_DAY
        for field, value in zip(self.fields, values, strict=True):
            if field.name == self.valid_to and isinstance(value, int):
                end = min(end, (value + 1) * _SECONDS_A_DAY - _BEIJING)
        return end


def day_in_china(time: int) -> int:
    """Return the day, in days from 1970-01-01, that it is in China at ``time`` (seconds, UTC)."""
    return (time + _BEIJING) // _SECONDS_A_DAY


def _end_of_validity(name: str, fields: Sequence[Field]) -> str:
    for field in fields:
        if field.name == name and field.type is FieldType.DATE and field.bounds is not None and field.bounds.low >= 0:
            return field.name
    raise schema_invalid("'valid_to' names a date of the schema whose bounds begin in 1970 or later")


def _totals(record: JsonObject) -> dict[str, str | None]:
    """Return the names of the fields that tell attestations apart, each with the value of its total."""
    totals: dict[str, str | None] = {}
    for item in record.items("per", max_items=MAX_PER):
        with JsonObject(item, "per") as member:
            name = member.text("field")
            if name in totals:
                raise schema_invalid(f"field '{shown_name(name)}' stands twice in 'per'")
            totals[name] = member.text("total") if "total" in member else None
    if not totals:
        raise schema_invalid("'per' names at least one field, or is left out")
    return totals


def _per(fields: Mapping[str, Field], name: str, total: str | None) -> KindField:
    field = fields.get(name)
    if field is None:
        raise schema_invalid(f"'per' names '{shown_name(name)}', which is no field")
    sound = field.type is FieldType.ENUM or (
        field.mode is Mode.PLAIN and field.type in {FieldType.TEXT, FieldType.CODE}
    )
    if not sound or field.optional or name == ISSUER:
        raise schema_invalid(
            f"field '{name}' tells nothing apart: only a plain text or code or an enum that is never absent"
        )
    if total is not None:
        try:
            field.parse(total)
        except InvalidInputError as error:
            raise schema_invalid(f"the total of '{name}' is no value of it") from error
    return KindField(field, total)


class SchemaSet(Mapping[str, Schema]):
    """As a mapping: the newest version by name. ``listed``: all of them, by name and version."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Take ``schemas``, each once.

        Raises:
            InvalidInputError: ``schema_invalid``; two different schemas have the same name and version.
        """
        self._by_id = {schema.id: schema for schema in schemas}
        self.listed = tuple(sorted(self._by_id.values(), key=lambda schema: (schema.name, schema.version)))
        if len({(schema.name, schema.version) for schema in self.listed}) != len(self.listed):
            raise schema_invalid("two schemas have the same name and version")
        self._newest = {schema.name: schema for schema in self.listed}

    @override
    def __getitem__(self, name: str) -> Schema:
        return self._newest[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._newest)

    @override
    def __len__(self) -> int:
        return len(self._newest)

    @property
    def ids(self) -> frozenset[bytes]:
        """The ids of all of them."""
        return frozenset(self._by_id)

    def find(self, schema_id: bytes) -> Schema | None:
        """Return the schema with this id."""
        return self._by_id.get(schema_id)

    def versions(self, name: str) -> tuple[Schema, ...]:
        """Return all versions of a name, the oldest first."""
        return tuple(schema for schema in self.listed if schema.name == name)

    def attested(self, schema_id: bytes, name: str) -> Schema:
        """Return the schema of an attestation that is to be of the type ``name``, in whatever version.

        Raises:
            VerificationError: ``schema_mismatch``.
        """
        schema = self._by_id.get(schema_id)
        if schema is None or schema.name != name:
            raise VerificationError(Reason.SCHEMA_MISMATCH, f"this is no attestation of schema {name}")
        return schema

    def those(self, ids: Iterable[bytes]) -> "SchemaSet":
        """Return the part of them that has these ids."""
        return SchemaSet(self._by_id[schema_id] for schema_id in ids)
