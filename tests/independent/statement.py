"""What a question means for one field of one schema (clause 10)."""

from dataclasses import dataclass
from typing import Any

from . import question as q
from . import values
from .errors import RefusedError, need
from .question import COMPARISONS, Moving, Question
from .schema import Field, Schema

OF_MEMBERS = {
    "in": "one_of",
    "not in": "none_of",
    "has any of": "has_any",
    "has none of": "has_none",
    "has all of": "has_all",
}
ASKED_OF_NO_VERSION = ("not_revealable", "operator_unsupported")


@dataclass(frozen=True)
class Statement:
    """at_least j, below j, between low high, {one,none}_of and has_{any,none,all} positions, equals value, reveal."""

    kind: str
    j: int = 0
    low: int = 0
    high: int = 0
    positions: tuple[int, ...] = ()
    value: Any = None


def of(question: Question, field: Field, as_of: int) -> Statement:
    """The statement: the field can be revealed, the operator is one of its mode, thresholds lie on its ladder."""
    if question.op in (*COMPARISONS, "range"):
        need(field.mode == "ladder", "operator_unsupported")
    if question.op in COMPARISONS:
        j = _place(field, question.operand, as_of, after=question.op in (">", "<="))
        return Statement("at_least" if question.op[0] == ">" else "below", j=j)
    if question.op == "range":
        low, high = (_place(field, v, as_of) for v in question.operand)
        need(low < high, "range_empty")
        return Statement("between", low=low, high=high)
    if question.op in OF_MEMBERS:
        positions = tuple(field.members.index(m) for m in question.operand)
        return Statement(OF_MEMBERS[question.op], positions=tuple(sorted(positions)))
    if question.op == "reveal":
        need(field.mode != "ladder", "not_revealable")
        return Statement("reveal")
    return equals(field, question.operand)


def equals(field: Field, value: Any) -> Statement:
    """`equals`, by the mode of the field; on a ladder both the value and the one after it are thresholds."""
    if field.mode == "plain":
        return Statement("equals", value=value)
    if field.mode == "enum":
        return Statement("one_of", positions=(field.members.index(value),))
    if value == "none":
        return Statement("below", j=1)
    if value == "no end":
        return Statement("at_least", j=len(field.points))
    return Statement("between", low=_place(field, value, 0), high=_place(field, value, 0, after=True))


def _place(field: Field, value: Any, as_of: int, *, after: bool = False) -> int:
    """Which threshold this is, from 1, or which one the value after it is."""
    if isinstance(value, Moving):
        value = values.months_before(as_of, value.months, whole=field.type == "month")
    need(value is not None, "off_ladder")
    value = values.next_value(field.type, value) if after else value
    need(value in field.points, "off_ladder")
    return field.points.index(value) + 1


def means_the_same(question: Question, newest: Schema, schema: Schema) -> None:
    """The question means the same in this version of its schema (clause 9; `schema_version_differs`).

    What nobody could ask of the newest version either, and whether moving thresholds lie on the ladder, is rule 16's.
    """
    if schema.id == newest.id:
        return
    reason = "schema_version_differs"
    pair = [one.by_name.get(question.field) for one in (newest, schema)]
    currencies = {field.currency for field in pair if field is not None and field.currency is not None}
    need(len(currencies) < 2, "currency_differs")
    try:
        again = q.read(q.to_json(question, newest), {schema.name: schema})
    except RefusedError as error:
        raise RefusedError(reason) from error
    here, there = schema.by_name[question.field], newest.by_name[question.field]
    need(here.measure() == there.measure(), reason)
    if question.per:
        need([n for n, _ in schema.per] == [n for n, _ in newest.per], reason)
        for (_, value), (_, old), (_, new) in zip(question.per, schema.per, newest.per, strict=True):
            need((value == old) == (value == new), reason)
    if not isinstance(question.operand, Moving) and _fault(question, there) not in ASKED_OF_NO_VERSION:
        need(_fault(again, here) is None, reason)


def _fault(question: Question, field: Field) -> str | None:
    """Why the question cannot be asked of this field; None where it can."""
    try:
        of(question, field, 0)
    except RefusedError as error:
        return error.reason
    return None
