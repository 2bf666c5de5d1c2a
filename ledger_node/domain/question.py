"""Questions that banks ask: one canonical JSON form and one readable text form.

Text:  ``tax_payment[tax_kind=10101].paid_amount >= 500000 CNY during 2025``
       ``penalty_summary.last_serious_month < as_of - 24 months``
JSON:  ``{"schema": "tax_payment", "per": {"tax_kind": "10101"}, "field": "paid_amount", "op": ">=",
       "operand": "500000", "period": "2025"}``

Operands are written as the values of the field are, so a number with a scale is a decimal text. The text form names
its currency or unit as well. Two questions are the same when their canonical JSON is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, shown_name
from ledger_node.domain.json_object import JsonObject, member_of
from ledger_node.domain.question_part import (
    NOTHING,
    MonthsBefore,
    Selector,
    parse_operand,
    question_malformed,
)
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType, Period, Special

MAX_SET: Final = 256
MAX_TEXT: Final = 4096


class Op(StrEnum):
    """The predicates."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"
    RANGE = "range"
    IN = "in"
    NOT_IN = "not in"
    HAS_ANY = "has any of"
    HAS_NONE = "has none of"
    HAS_ALL = "has all of"
    EQUALS = "equals"
    REVEAL = "reveal"


COMPARISONS: Final = (Op.AT_LEAST, Op.ABOVE, Op.AT_MOST, Op.BELOW)
OF_SETS: Final = (Op.HAS_ANY, Op.HAS_NONE, Op.HAS_ALL)
_MEMBERSHIP: Final = (Op.IN, Op.NOT_IN, *OF_SETS)

Operand = None | int | str | bool | Special | MonthsBefore | tuple[int, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One predicate on one field of one type of attestation, for a period or for the newest one.

    ``operand``: a threshold (smallest units; dates and months as days; or months before ``as_of``) for a comparison,
    two thresholds for range (from the first to below the second), member names for in, not in, and has …, a value or
    an end for equals, None for reveal. ``selector``: which one of several attestations is meant.
    """

    schema: str
    field: str
    op: Op
    operand: Operand
    period: Period | None = None
    selector: Selector = NOTHING

    @classmethod
    def from_json(cls, value: JSON, schemas: Mapping[str, Schema]) -> Self:
        """Read the canonical JSON form, or the text form where ``value`` is a text.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        if isinstance(value, str):
            return cls.parse(value, schemas)
        with JsonObject(value, "question") as record:
            schema = schema_named(record.text("schema"), schemas)
            field = schema.field(record.text("field"))
            no_op = InvalidInputError(Reason.OPERATOR_UNSUPPORTED, f"an operator is one of {', '.join(Op)}", field="op")
            op = member_of(Op, record.text("op"), no_op)
            operand = _operand(field, op, record.optional("operand"))
            raw_period = record.optional("period")
            selector = Selector.from_record(record, schema)
        period = None if raw_period is None else Period.parse(raw_period)
        question = cls(schema.name, field.name, op, operand, period, selector)
        if isinstance(operand, str):
            question._require_read_back(field, schemas)
        return question

    @classmethod
    def parse(cls, text: str, schemas: Mapping[str, Schema]) -> Self:
        """Read the text form.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        match = _TEXT.match(text) if len(text) <= MAX_TEXT else None
        if match is None:
            raise question_malformed(
                "write a question as: schema.field >= 500000 CNY | > … | <= … | < … | between x and y | in {A, B} | "
                "not in {D} | has any of {A, B} | has none of … | has all of … | equals x | reveal, optionally "
                "followed by: during 2025"
            )
        schema = schema_named(match["schema"], schemas)
        selector = Selector.parse(match["selector"], schema)
        field = schema.field(match["field"])
        op = _OP_WORDS[" ".join(match["op"].split())]
        operand_text, during = _split_period(match["rest"])
        operand = _operand(field, op, _written(op, operand_text), text=True)
        period = Period.parse(during) if during else None
        return cls(schema.name, field.name, op, operand, period, selector)

    def _require_read_back(self, field: Field, schemas: Mapping[str, Schema]) -> None:
        # consents list the text form, so two questions must never share one
        try:
            again = Question.parse(self.text(field), schemas)
        except InvalidInputError:
            again = None
        if again != self:
            raise question_malformed("this text cannot be asked for: it has no unambiguous text form")

    def to_json(self, field: Field) -> dict[str, JSON]:
        """Return the canonical JSON form; ``field`` is the field that the question names."""
        body: dict[str, JSON] = {"schema": self.schema, "field": self.field, "op": self.op.value}
        body |= self.selector.to_json()
        match self.operand:
            case None:
                pass
            case MonthsBefore():
                body["operand"] = self.operand.to_json()
            case tuple():
                body["operand"] = [field.format(item) for item in self.operand]
            case _:
                body["operand"] = field.format(self.operand)
        if self.period is not None:
            body["period"] = str(self.period)
        return body

    def text(self, field: Field) -> str:
        """Return the one readable text form, which ``parse`` reads back to the same question."""
        name = f"{self.schema}{self.selector.text}.{self.field}"
        during = "" if self.period is None else f" during {self.period}"
        match self.operand:
            case (low, high) if self.op is Op.RANGE:
                return f"{name} between {field.text(low)} and {field.text(high)}{during}"
            case tuple(members):
                return f"{name} {self.op} {{{', '.join(str(member) for member in members)}}}{during}"
            case None:
                return f"{name} {self.op}{during}"
            case MonthsBefore() as before:
                return f"{name} {self.op} {before}{during}"
            case operand:
                return f"{name} {self.op} {field.text(operand)}{during}"


def schema_named(name: str, schemas: Mapping[str, Schema]) -> Schema:
    """Return the schema called ``name``.

    Raises:
        InvalidInputError: ``schema_unknown``, listing those there are.
    """
    schema = schemas.get(name)
    if schema is None:
        raise InvalidInputError(
            Reason.SCHEMA_UNKNOWN, f"no such schema; there are {', '.join(sorted(schemas))}", field=shown_name(name)
        )
    return schema


def _operand(field: Field, op: Op, raw: JSON, *, text: bool = False) -> Operand:
    """Return the operand that ``raw`` stands for; ``text`` says that it comes from the text form."""
    of_sets = op in OF_SETS
    if op is not Op.REVEAL and of_sets != (field.type is FieldType.CODES):
        raise InvalidInputError(
            Reason.OPERATOR_UNSUPPORTED,
            f"'{field.name}' is a set of codes: ask has any of, has none of, has all of or reveal"
            if not of_sets
            else f"'{field.name}' is no set of codes",
            field=field.name,
        )
    match op, raw:
        case Op.REVEAL, None:
            return None
        case Op.REVEAL, _:
            raise question_malformed("reveal takes no operand")
        case op, list() | tuple() if op in _MEMBERSHIP and (text or len(raw) <= MAX_SET):
            return _members(field, [str(item) if isinstance(item, str) else "" for item in raw])
        case op, _ if op in _MEMBERSHIP:
            raise question_malformed(f"'{op}' takes a list of at most {MAX_SET} members")
        case Op.RANGE, [low, high]:
            return _range(parse_operand(field, low, text=text), parse_operand(field, high, text=text))
        case Op.RANGE, _:
            raise question_malformed("a range takes two thresholds: from the first to below the second")
        case Op.EQUALS, _:
            return field.special(raw) or parse_operand(field, raw, text=text)
        case _, dict():
            return MonthsBefore.from_json(field, raw)
        case _, str() if text and raw.startswith("as_of"):
            return MonthsBefore.parse(field, raw)
        case _:
            return _threshold(field, op, parse_operand(field, raw, text=text))


def _written(op: Op, operand_text: str) -> JSON:
    """Return what the text of an operand lists, or the text where it is one."""
    match op:
        case Op.REVEAL:
            return operand_text or None
        case op if op in _MEMBERSHIP:
            if not (operand_text.startswith("{") and operand_text.endswith("}")):
                raise question_malformed(f"write the set as: {op} {{A, B}}")
            inside = operand_text[1:-1].strip()
            return [member.strip() for member in inside.split(",")] if inside else []
        case Op.RANGE:
            low, _, high = operand_text.partition(" and ")
            return [low.strip(), high.strip()]
        case _:
            return operand_text


def _split_period(rest: str) -> tuple[str, str | None]:
    # in time linear in the text, which one expression with two runs of spaces is not
    operand_text, during, period = rest.rstrip().rpartition("during")
    if not (during and operand_text[-1:].isspace() and _PERIOD.match(period)):
        operand_text, period = rest, ""
    operand_text = operand_text.strip()
    if _CONTROL.search(operand_text):
        raise question_malformed("a question holds no control characters")
    return operand_text, period.strip() or None


def _threshold(field: Field, op: Op, value: int | str | bool) -> int:
    if isinstance(value, bool | str):
        raise InvalidInputError(
            Reason.OPERATOR_UNSUPPORTED, f"'{op}' compares numbers, dates and months", field=field.name
        )
    return value


def _range(low: int | str | bool, high: int | str | bool) -> tuple[int, int]:
    if isinstance(low, bool | str) or isinstance(high, bool | str) or low >= high:
        raise InvalidInputError(
            Reason.RANGE_EMPTY, "a range goes from a threshold to below a higher one", field="operand"
        )
    return low, high


def _members(field: Field, names: list[str]) -> tuple[str, ...]:
    if not field.members:
        raise InvalidInputError(
            Reason.OPERATOR_UNSUPPORTED, f"'{field.name}' is not a set of members", field=field.name
        )
    if not names:
        raise InvalidInputError(Reason.SET_EMPTY, "the set has no member", field=field.name)
    members = field.in_order(names)
    if len(members) == len(field.members) and field.type is not FieldType.CODES:
        raise InvalidInputError(Reason.SET_FULL, "a set of all members asks nothing", field=field.name)
    return members


_OP_WORDS: Final = {**{op.value: op for op in Op if op is not Op.RANGE}, "between": Op.RANGE}
_TEXT: Final = re.compile(
    r"\s*(?P<schema>[a-z][a-z0-9_]*)(?:\[(?P<selector>[^\[\]]*)\])?\.(?P<field>[a-z][a-z0-9_]*)\s*"
    r"(?P<op>[<>]=?|\bbetween\b|\bnot\s+in\b|\bin\b|\bhas\s+(?:any|none|all)\s+of\b|\bequals\b|\breveal\b)"
    r"(?P<rest>.*)\Z",
    re.DOTALL,
)
_PERIOD: Final = re.compile(r"\s+[0-9:-]+\Z")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
