"""What a question means for one field of one schema (clause 10)."""

from dataclasses import dataclass
from typing import Any

from . import question as q
from . import values
from .errors import RefusedError, need
from .question import Moving, Question
from .schema import Field, Schema

ASKED_OF_NO_VERSION = ("not_revealable", "operator_unsupported")


@dataclass(frozen=True)
class Statement:
    """at_least j, below j, between low high, one_of, none_of positions, equals value, reveal."""

    kind: str
    j: int = 0
    low: int = 0
    high: int = 0
    positions: tuple[int, ...] = ()
    value: Any = None


def of(question: Question, field: Field, as_of: int) -> Statement:
    """The statement: the field can be revealed, the operator is one of its mode, thresholds lie on its ladder."""
    if question.op in (">=", "<", "range"):
        need(field.mode == "ladder", "operator_unsupported")
    if question.op in (">=", "<"):
        j = _place(field, question.operand, as_of)
        return Statement("at_least" if question.op == ">=" else "below", j=j)
    if question.op == "range":
        low, high = (_place(field, v, as_of) for v in question.operand)
        need(low < high, "range_empty")
        return Statement("between", low=low, high=high)
    if question.op in ("in", "not in"):
        positions = tuple(field.members.index(m) for m in question.operand)
        return Statement("one_of" if question.op == "in" else "none_of", positions=tuple(sorted(positions)))
    if question.op == "reveal":
        need(field.mode != "ladder", "not_revealable")
        return Statement("reveal")
    return equals(field, question.operand)


def equals(field: Field, value: Any) -> Statement:
    """`equals`, by the mode of the field; it cannot be asked of the last threshold."""
    if field.mode == "plain":
        return Statement("equals", value=value)
    if field.mode == "enum":
        return Statement("one_of", positions=(field.members.index(value),))
    need(field.gapless, "operator_unsupported")
    j = _place(field, value, 0)
    need(j < len(field.points), "off_ladder")
    return Statement("between", low=j, high=j + 1)


def _place(field: Field, value: Any, as_of: int) -> int:
    """Which threshold this is, from 1."""
    if isinstance(value, Moving):
        value = values.months_before(as_of, value.months, whole=field.type == "month")
    need(value in field.points, "off_ladder")
    return field.points.index(value) + 1


def means_the_same(question: Question, newest: Schema, schema: Schema) -> None:
    """The question means the same in this version of its schema (clause 9; `schema_version_differs`).

    What nobody could ask of the newest version either, and whether moving thresholds lie on the ladder, is rule 16's.
    """
    if schema.id == newest.id:
        return
    reason = "schema_version_differs"
    try:
        again = q.read(q.to_json(question, newest), {schema.name: schema})
    except RefusedError as error:
        raise RefusedError(reason) from error
    here, there = schema.by_name[question.field], newest.by_name[question.field]
    need((here.type, here.unit, here.mode) == (there.type, there.unit, there.mode), reason)
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
