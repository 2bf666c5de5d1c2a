"""Data types: a schema (what is committed) with the presentation of it (titles, columns, validity).

Only the schema is digested into the schema id; a better title or another column heading changes nothing.
A folder holds all versions of all types, a file each: what departments issue is the newest version of a name, and what
they attested to by an older one stays readable as long as its file is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import schema_invalid
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.question import schema_named
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import Period, add_months
from ledger_node.domain.wording import TypeWords, read_type, read_units

DEPARTMENT_TYPES: Final = ("tax_payment", "tax_credit_rating", "penalty_summary")


class CellFormat(StrEnum):
    """How a department writes a value in its export."""

    CODE = "code"
    AMOUNT = "amount"
    """A number, with commas or without, of at most so many decimals as the field has; money may begin with ¥."""
    PERCENT = "percent"
    """A number, with % behind it or without."""
    INTEGER = "integer"
    DATE = "date"
    MONTH = "month"
    MEMBER = "member"
    MEMBERS = "members"
    """Members of a set, separated by a comma, 、 or ; — or 无 for none of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: the headings it may have and how its cells are written."""

    field: str
    headings: tuple[str, ...]
    format: CellFormat


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """Where the period of a row comes from: a column of years, or the months before ``as_of``."""

    headings: tuple[str, ...]
    months: int

    def rolling(self, as_of: int) -> Period:
        """Return the period of the ``months`` calendar months that end with the day ``as_of``."""
        return Period(add_months(as_of, 1 - self.months) if self.months else as_of, as_of)


@dataclass(frozen=True, slots=True)
class DataType:
    """One type of attestation. ``valid_days``: how long after issuing it may be relied on."""

    schema: Schema
    title: Mapping[str, str]
    cadence: str
    valid_days: int
    period: PeriodRule
    subject: tuple[str, ...]
    as_of: tuple[str, ...]
    columns: tuple[Column, ...]
    ignored: frozenset[str]
    said: Mapping[str, JSON]
    """What questions about it say, in both languages."""
    words: TypeWords

    @classmethod
    def from_json(cls, value: JSON) -> "DataType":
        """Read a schema file."""
        record = JsonObject(value, "data type")
        columns = record.record("columns")
        schema = Schema.from_json(record.take("schema"))
        titled = record.take("title")
        said = {"title": titled, **record.record("words").unread}
        words = read_type(schema, JsonObject(said, "words"), phrase_units())
        data_type = cls(
            schema=schema,
            title={language.value: text for language, text in words.title.items()},
            cadence=record.text("cadence"),
            valid_days=record.integer("valid_days", low=1),
            period=_period(record.record("period")),
            subject=record.texts("subject"),
            as_of=record.texts("as_of"),
            columns=tuple(_column(field, columns.record(field.name)) for field in schema.fields),
            ignored=frozenset(record.texts("ignored")),
            said=said,
            words=words,
        )
        columns.done()
        record.done()
        return data_type

    def words_to_json(self) -> dict[str, JSON]:
        """Return what a document of words has of this type."""
        return dict(self.said)

    def to_json(self) -> dict[str, JSON]:
        """Return what the API lists of a type."""
        return {
            "schema_id": "0x" + self.schema.id.hex(),
            "schema": self.schema.spec,
            "title": dict(self.title),
            "cadence": self.cadence,
            "valid_days": self.valid_days,
            "headings": {column.field: list(column.headings) for column in self.columns},
        }


def _period(record: JsonObject) -> PeriodRule:
    kind = record.text("kind")
    rule = (
        PeriodRule(record.texts("headings"), 0)
        if kind == "year"
        else PeriodRule((), record.integer("months", high=1200))
    )
    record.done()
    return rule


def _column(field: Field, record: JsonObject) -> Column:
    column = Column(field.name, record.texts("headings"), CellFormat(record.text("format")))
    record.done()
    if (field.measure.scale > 0) != (column.format in _DECIMAL):
        raise schema_invalid(
            f"cells of '{field.name}' have another format: amount or percent for decimals", field="format"
        )
    return column


_DECIMAL: Final = (CellFormat.AMOUNT, CellFormat.PERCENT)


@cache
def phrase_file() -> Mapping[str, JSON]:
    """Return the phrases and units of the catalogue's words."""
    return JsonObject(decode((files("api.catalogue") / "phrases.json").read_bytes()), "phrases").unread


@cache
def phrase_units() -> Mapping[str, object]:
    """Return the units that have words."""
    return read_units(JsonObject(phrase_file()["units"], "units"))


@cache
def schemas() -> SchemaSet:
    """Return the schemas of all data types, in all versions."""
    return SchemaSet(data_type.schema for data_type in _by_id().values())


@cache
def _by_id() -> dict[bytes, DataType]:
    folder = files("api.catalogue") / "schemas"
    types = [DataType.from_json(decode(file.read_bytes())) for file in folder.iterdir()]
    return {data_type.schema.id: data_type for data_type in types}


@cache
def data_types() -> dict[str, DataType]:
    """Return the data types that are issued, the newest version of each, by the name of their schema."""
    return {name: _by_id()[schema.id] for name, schema in schemas().items()}


def data_type_of(schema: Schema) -> DataType | None:
    """Return the data type of a schema, in whatever version, if it is in the catalogue."""
    return _by_id().get(schema.id)


def data_type_named(name: str) -> DataType:
    """Return the data type that departments issue under ``name``.

    Raises:
        InvalidInputError: ``schema_unknown``, listing those there are.
    """
    schema_named(name, {known: schemas()[known] for known in DEPARTMENT_TYPES})
    return data_types()[name]
