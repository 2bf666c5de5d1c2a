"""What a bank may choose when it makes up a question: fields of a purpose, their operators, and the steps of a ladder.

What is offered can be asked: every choice makes a question that the domain takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.measure import PERCENT
from ledger_node.domain.number import decimal_text, smallest_units
from ledger_node.domain.purpose import Purpose
from ledger_node.domain.question import COMPARISONS, OF_SETS, Op, Question
from ledger_node.domain.question_part import MonthsBefore
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import FieldType, Special, parse_value, predecessor

MAX_LISTED_STEPS: Final = 120
"""So many steps stand in one select; of a longer ladder those near to what was typed are offered."""
_NEARBY: Final = 5
_OF_THE_NEXT: Final = (Op.ABOVE, Op.AT_MOST)
_TIMES: Final = (FieldType.DATE, FieldType.MONTH)


class OperandKind(StrEnum):
    """What a question compares with."""

    NOTHING = "nothing"
    STEP = "step"
    STEPS = "steps"
    MEMBERS = "members"
    VALUE = "value"
    END = "end"


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field that a purpose covers, and the operators that it takes."""

    schema: Schema
    field: Field
    operators: tuple[Op, ...]

    @property
    def name(self) -> str:
        """The type and the field, as ``type.field``."""
        return f"{self.schema.name}.{self.field.name}"


def field_choices(purpose: Purpose, schemas: Mapping[str, Schema]) -> tuple[FieldChoice, ...]:
    """Return the fields that may be asked about for a purpose, in the order of its topics."""
    found = []
    for topic in purpose.topics:
        name, _, only = topic.partition(".")
        schema = schemas.get(name)
        # what tells attestations apart is named by a question, not asked for
        fields = () if schema is None else [field for field in schema.fields if not field.tells_apart]
        found += [
            FieldChoice(schema, field, operators_of(field))
            for field in fields
            if schema is not None and (not only or field.name == only)
        ]
    return tuple(found)


def choice_named(purpose: Purpose, schemas: Mapping[str, Schema], name: str) -> FieldChoice:
    """Return the choice of a field by its name ``type.field``.

    Raises:
        InvalidInputError: ``purpose_ceiling``; the purpose does not cover it.
    """
    for choice in field_choices(purpose, schemas):
        if choice.name == name:
            return choice
    raise InvalidInputError(Reason.PURPOSE_CEILING, "the purpose does not cover this question", field="field")


def operators_of(field: Field) -> tuple[Op, ...]:
    """Return the operators that a field takes.

    Of a number with decimals "more than" and "at most" are left out: they say the same as "at least" and "below" a
    step, with a threshold that nobody would write.
    """
    if field.mode is Mode.PLAIN:
        return (Op.EQUALS, Op.REVEAL)
    if field.mode is Mode.ENUM:
        several = OF_SETS if field.type is FieldType.CODES else (Op.IN, Op.NOT_IN)
        return (*several, Op.REVEAL)
    wanted = [*COMPARISONS, Op.RANGE] if not field.measure.scale else [Op.AT_LEAST, Op.BELOW, Op.RANGE]
    if len(field.require_ladder().points) == 1:
        wanted.remove(Op.RANGE)
    return (*wanted, Op.EQUALS) if field.none_on_record or field.no_end else tuple(wanted)


def operand_kind(field: Field, op: Op) -> OperandKind:
    """Return what a question with this operator about this field compares with."""
    match op:
        case Op.REVEAL:
            return OperandKind.NOTHING
        case Op.RANGE:
            return OperandKind.STEPS
        case Op.IN | Op.NOT_IN | Op.HAS_ANY | Op.HAS_NONE | Op.HAS_ALL:
            return OperandKind.MEMBERS
        case Op.EQUALS:
            return OperandKind.END if field.mode is Mode.LADDER else OperandKind.VALUE
        case _:
            return OperandKind.STEP


def takes_moving_threshold(field: Field) -> bool:
    """Return whether a threshold may be so many months before the day of the data."""
    return field.mode is Mode.LADDER and field.type in _TIMES


def ends_of(field: Field) -> tuple[Special, ...]:
    """Return the ends beyond every day that a field may have: nothing on record, or no end."""
    ends = {Special.NONE_ON_RECORD: field.none_on_record, Special.NO_END: field.no_end}
    return tuple(end for end, may in ends.items() if may)


def steps_of(field: Field, op: Op) -> tuple[int, ...] | None:
    """Return all thresholds that a comparison may name, or None where they are too many for one list."""
    points = field.require_ladder().points
    if len(points) > MAX_LISTED_STEPS:
        return None
    return tuple(_threshold(field, op, point) for point in points)


def nearest_steps(field: Field, op: Op, typed: str) -> tuple[int, ...]:
    """Return the thresholds that a comparison may name and that lie nearest to what somebody typed.

    Raises:
        InvalidInputError: ``value_malformed``; it is no number, day or month.
    """
    wanted, points = typed_value(field, typed), field.require_ladder().points
    above = points.at_most(wanted)
    around = range(max(0, above - _NEARBY), min(len(points), above + _NEARBY))
    nearest = sorted(around, key=lambda place: (abs(points[place] - wanted), place))[:_NEARBY]
    return tuple(_threshold(field, op, points[place]) for place in sorted(nearest))


def _threshold(field: Field, op: Op, point: int) -> int:
    # v > x is v >= the next value: what follows x stands on the ladder
    return predecessor(field.type, point) if op in _OF_THE_NEXT else point


def typed_value(field: Field, typed: str) -> int:
    """Return the value of a number, day or month as people type it; 50万 and 500,000 are the same.

    Raises:
        InvalidInputError: ``value_malformed``.
    """
    text = typed.strip().replace(",", "").replace("\N{FULLWIDTH COMMA}", "")
    if field.type in _TIMES:
        value = parse_value(field.type, text, field.name)
        assert isinstance(value, int)  # noqa: S101 - of a date or a month
        return value
    for unit in ("元", "%" if field.measure.unit == PERCENT else "", field.measure.word):
        text = text.removesuffix(unit).strip() if unit else text
    zeros = next((zeros for mark, zeros in _TEN_THOUSANDS.items() if text.endswith(mark)), 0)
    units = smallest_units(text.rstrip("".join(_TEN_THOUSANDS)).strip(), field.measure.scale + zeros)
    if units is None:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "type a number, such as 500000", field="step")
    return units


_TEN_THOUSANDS: Final = {"万": 4, "亿": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionInput:
    """What somebody chose. ``steps``: thresholds as the field writes them, or as people type them.

    ``months``: of a moving threshold, in the place of a step. ``per``: values of the fields that tell attestations
    apart, in the schema's order. ``issuer``: the department that is asked about, None for any.
    """

    op: Op
    steps: Sequence[str] = ()
    months: int | None = None
    members: Sequence[str] = ()
    value: str = ""
    period: str = ""
    per: Sequence[str] = ()
    issuer: bytes | None = None


def make_claim(choice: FieldChoice, chosen: QuestionInput, schemas: Mapping[str, Schema], *, today: int) -> Claim:
    """Return the claim that follows from what was chosen. ``today``: in days from 1970-01-01.

    Raises:
        InvalidInputError: ``off_ladder`` and others, naming what is wrong.
    """
    if chosen.op not in choice.operators:
        raise InvalidInputError(Reason.OPERATOR_UNSUPPORTED, "this field does not take this operator", field="op")
    body: dict[str, JSON] = {"schema": choice.schema.name, "field": choice.field.name, "op": chosen.op.value}
    operand = _operand(choice.field, chosen)
    if operand is not None:
        body["operand"] = operand
    if chosen.period:
        body["period"] = chosen.period
    if any(chosen.per):
        names = [one.field.name for one in choice.schema.per]
        body["per"] = dict(zip(names, chosen.per, strict=True))
    if chosen.issuer is not None:
        body["issuer"] = to_hex(chosen.issuer)
    claim = Claim.of(Question.from_json(body, schemas))
    claim.require_askable(schemas, today=today)
    return claim


def _operand(field: Field, chosen: QuestionInput) -> JSON:
    match operand_kind(field, chosen.op):
        case OperandKind.NOTHING:
            return None
        case OperandKind.MEMBERS:
            return list(chosen.members)
        case OperandKind.VALUE | OperandKind.END:
            return _plain(field, chosen.value)
        case OperandKind.STEPS:
            return [field.format(typed_value(field, step)) for step in _exactly(chosen.steps, 2)]
        case OperandKind.STEP if chosen.months is not None:
            return MonthsBefore(chosen.months).to_json()
        case OperandKind.STEP:
            return field.format(typed_value(field, _exactly(chosen.steps, 1)[0]))


def _plain(field: Field, value: str) -> JSON:
    if not value:
        raise InvalidInputError(Reason.FIELD_MISSING, "say what it is compared with", field="value")
    if field.mode is Mode.LADDER or field.type is not FieldType.INTEGER:
        return value
    return field.format(typed_value(field, value))


def _exactly(steps: Sequence[str], count: int) -> Sequence[str]:
    given = [step for step in steps if step.strip()]
    if len(given) < count:
        raise InvalidInputError(Reason.FIELD_MISSING, "choose the step that it is compared with", field="step")
    return given[:count]


def step_text(field: Field, step: int) -> str:
    """Return a threshold as a form carries it; ``typed_value`` reads it back."""
    if field.type is FieldType.INTEGER:
        return decimal_text(step, field.measure.scale)
    return str(field.format(step))


def combine(needed: int, texts: Sequence[str], schemas: Mapping[str, Schema]) -> Claim:
    """Return the claim that at least ``needed`` of several questions are answered yes.

    Raises:
        InvalidInputError: it cannot be asked, and why.
    """
    parts = [part for text in texts for part in Claim.parse(text, schemas).parts]
    if any(Claim.parse(text, schemas).is_combined for text in texts):
        raise InvalidInputError(Reason.QUESTION_MALFORMED, "combinations do not nest", field="claim")
    items: list[JSON] = [part.to_json(schemas[part.schema].field(part.field)) for part in parts]
    return Claim.from_json({"needed": needed, "of": items}, schemas)
