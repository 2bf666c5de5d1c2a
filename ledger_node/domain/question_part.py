"""The parts of questions: what they compare with, and which attestation of several they are about.

Operands are values in the units that people write, or months before the day of the data. A selector names the kind of
the attestation, its department, or both:

Text:  ``tax_payment[tax_kind=10101].paid_amount``, ``penalty_summary[issuer=0x…].count_24m``
JSON:  the members ``"per": {"tax_kind": "10101"}`` and ``"issuer": "0x…"`` of a question

A question names all fields that tell attestations of its type apart, in the schema's order, or none of them.
"""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import ISSUER, MAX_PER, Schema
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import EPOCH, FieldType, add_months, parse_value


def parse_operand(field: Field, raw: JSON, *, text: bool = False) -> int | str | bool:
    """Return the canonical value of an operand; ``text`` says that it comes from the text form.

    Raises:
        InvalidInputError: ``type_wrong``, ``value_malformed``, ``unit_missing``, ``unit_unknown``, ``currency_differs``
    """
    if text and isinstance(raw, str):
        if field.type is FieldType.INTEGER:
            raw = field.format(field.measure.parse(raw, field.name))
        elif field.type is FieldType.BOOL and raw in {"true", "false"}:
            return raw == "true"
    value = parse_value(field.type, raw, field.name, scale=field.measure.scale)
    if field.members and value not in field.members:
        raise InvalidInputError(
            Reason.SET_MEMBER_UNKNOWN,
            f"members of '{field.name}' are {', '.join(field.members)}",
            field=field.name,
        )
    assert isinstance(value, int | str)  # noqa: S101 - of a set there is no such operand, and nothing is special here
    return value


MAX_MONTHS: Final = 1200
_TEXT: Final = re.compile(r"as_of - (?P<months>[0-9]{1,4}) months\Z")
_MEMBER: Final = "as_of_minus_months"


@dataclass(frozen=True, slots=True)
class MonthsBefore:
    """``as_of - N months``: of a month field, that month; of a date field, that day or the month's last one."""

    months: int

    @classmethod
    def parse(cls, field: Field, words: str) -> Self:
        """Read the text form.

        Raises:
            InvalidInputError: ``question_malformed`` or ``operator_unsupported``.
        """
        match = _TEXT.match(" ".join(words.split()))
        if match is None:
            raise InvalidInputError(
                Reason.QUESTION_MALFORMED, "write a moving threshold as: as_of - 24 months", field="operand"
            )
        return cls._checked(field, int(match["months"]))

    @classmethod
    def from_json(cls, field: Field, value: Mapping[str, JSON]) -> Self:
        """Read the JSON form ``{"as_of_minus_months": N}``.

        Raises:
            InvalidInputError: a member is wrong, or ``operator_unsupported``.
        """
        with JsonObject(value, "operand") as record:
            months = record.integer(_MEMBER, high=MAX_MONTHS)
        return cls._checked(field, months)

    @classmethod
    def _checked(cls, field: Field, months: int) -> Self:
        if field.mode is not Mode.LADDER or field.type not in {FieldType.DATE, FieldType.MONTH}:
            raise InvalidInputError(
                Reason.OPERATOR_UNSUPPORTED,
                f"'{field.name}' is no date or month on a ladder, so it has no moving threshold",
                field=field.name,
            )
        if months > MAX_MONTHS:
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, f"a moving threshold goes back at most {MAX_MONTHS} months", field="operand"
            )
        return cls(months)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {_MEMBER: self.months}

    @override
    def __str__(self) -> str:
        return f"as_of - {self.months} months"

    def before(self, kind: FieldType, as_of: int) -> int:
        """Return the threshold, in days from 1970-01-01, for data of the day ``as_of``."""
        first = add_months(as_of, -self.months)
        if kind is FieldType.MONTH:
            return first
        month = EPOCH + dt.timedelta(days=first)
        last = monthrange(month.year, month.month)[1]
        return first + min((EPOCH + dt.timedelta(days=as_of)).day, last) - 1


@dataclass(frozen=True, slots=True)
class Selector:
    """``per``: (field, value) in the schema's order, or nothing; ``issuer``: id of the department, None for any."""

    per: tuple[tuple[str, str], ...] = ()
    issuer: bytes | None = None

    @classmethod
    def parse(cls, text: str | None, schema: Schema) -> "Selector":
        """Read what stands between the brackets of the text form; None where there are none.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        if text is None:
            return NOTHING
        named: dict[str, str] = {}
        for item in text.split(",", MAX_PER + 1):
            name, equals, value = (part.strip() for part in item.partition("="))
            if not equals or not name or not value:
                raise question_malformed(
                    "write what is asked about as: type[field=value].field or type[issuer=0x…].field"
                )
            if name in named:
                raise question_malformed("a name stands twice between the brackets")
            named[name] = value
        issuer = named.pop(ISSUER, None)
        return cls(_per(named, schema), None if issuer is None else from_hex(issuer, ISSUER))

    @classmethod
    def from_record(cls, record: JsonObject, schema: Schema) -> "Selector":
        """Read the members of a question's JSON form.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        per: tuple[tuple[str, str], ...] = ()
        if "per" in record:
            named = record.take("per")
            if not isinstance(named, dict) or not named:
                raise InvalidInputError(
                    Reason.TYPE_WRONG, "'per' must be a JSON object of fields and values", field="per"
                )
            per = _per(named, schema)
        return cls(per, record.blob(ISSUER) if ISSUER in record else None)

    def to_json(self) -> dict[str, JSON]:
        """Return the members that a question's JSON form has of it."""
        per: dict[str, JSON] = {"per": dict(self.per)} if self.per else {}
        return per if self.issuer is None else per | {ISSUER: to_hex(self.issuer)}

    @property
    def text(self) -> str:
        """What follows the name of the type in the text form: brackets, or nothing."""
        named = [f"{name}={value}" for name, value in self.per]
        if self.issuer is not None:
            named.append(f"{ISSUER}={to_hex(self.issuer)}")
        return f"[{', '.join(named)}]" if named else ""


def _per(named: Mapping[str, JSON], schema: Schema) -> tuple[tuple[str, str], ...]:
    if not named:
        return ()
    fields = [per.field for per in schema.per]
    if set(named) != {field.name for field in fields}:
        known = ", ".join(field.name for field in fields)
        raise question_malformed(
            f"a question about {schema.name} names all of {known}, or none of them"
            if fields
            else f"no field tells attestations of {schema.name} apart, so none is named"
        )
    return tuple((field.name, str(field.parse(named[field.name]))) for field in fields)


def question_malformed(message: str) -> InvalidInputError:
    """Return the refusal of what is no question."""
    return InvalidInputError(Reason.QUESTION_MALFORMED, message, field="question")


NOTHING: Final = Selector()
"""Of a question that names nothing."""
