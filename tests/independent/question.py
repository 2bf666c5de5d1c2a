"""Questions in JSON and what they mean (clauses 9, 10 and 17)."""

import re
from dataclasses import dataclass
from typing import Any

from . import values
from .errors import RefusedError, need
from .schema import Field, Schema, per_value
from .strict import integer, is_int, members, octets, text

MAX_MONTHS, MAX_MEMBERS, MONTH_SIZE = 1200, 256, 7
COMPARISONS = (">=", ">", "<=", "<")
OF_SETS = ("has any of", "has none of", "has all of")
OPS = (*COMPARISONS, "range", "in", "not in", *OF_SETS, "equals", "reveal")
D = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
PERIOD = re.compile(rf"(?:[0-9]{{4}}|[0-9]{{4}}-[0-9]{{2}}|{D}:{D})\Z")


@dataclass(frozen=True)
class Moving:
    """`as_of - N months`."""

    months: int


@dataclass(frozen=True)
class Question:
    """One question; values as integers (days too), texts, booleans, members in the order of the schema."""

    schema: str
    field: str
    op: str
    operand: Any = None
    per: tuple[tuple[str, str], ...] = ()
    issuer: bytes | None = None
    period: tuple[int, int] | None = None


def period_days(value: Any) -> tuple[int, int]:
    """First and last day of `2025`, `2025-03` or `2025-01-01:2025-06-30`."""
    need(isinstance(value, str), "type_wrong")
    need(PERIOD.match(value), "value_malformed")
    if ":" in value:
        first, last = (values.day(v) for v in value.split(":"))
        need(first <= last, "value_malformed")
        return first, last
    if len(value) == 4:
        return values.day(f"{value}-01-01"), values.day(f"{value}-12-31")
    first = values.month(value)
    if value == "9999-12":
        return first, first + 30
    return first, values.month(_next_month(value)) - 1


def _next_month(value: str) -> str:
    year, number = int(value[:4]), int(value[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def period_text(period: tuple[int, int]) -> str:
    """The shortest of the three forms (clause 17)."""
    long = ":".join(values.day_text(d) for d in period)
    for short in (long[:4], long[:7]):
        if period_days(short) == period:
            return short
    return long


def read(value: Any, schemas: dict[str, Schema]) -> Question:
    """A question of JSON, read by the newest version of its schema."""
    members(value, "schema field op", "per issuer operand period")
    name, op = text(value["schema"]), text(value["op"])
    need(name in schemas, "schema_unknown")
    schema = schemas[name]
    field = schema.by_name.get(text(value["field"]))
    need(field is not None, "field_unknown")
    assert field is not None
    need(op in OPS, "operator_unsupported")
    need(op != "reveal" or value.get("operand") is None, "question_malformed")
    return Question(
        name,
        field.name,
        op,
        operand(field, op, value.get("operand")),
        _per(value["per"], schema) if "per" in value else (),
        octets(value["issuer"], 32) if "issuer" in value else None,
        None if value.get("period") is None else period_days(value["period"]),
    )


def _per(value: Any, schema: Schema) -> tuple[tuple[str, str], ...]:
    """The values of all fields of `per`, in its order."""
    names = [name for name, _ in schema.per]
    need(isinstance(value, dict) and value, "type_wrong")
    need(set(value) == set(names), "question_malformed")
    need(all(one is not None for one in value.values()), "value_missing")
    found = []
    for name in names:
        field = schema.by_name[name]
        one = text(value[name])
        if field.mode == "enum":
            need(one in field.members, "set_member_unknown")
        else:
            values.typed(field.type, one)
            need(per_value(field, one), "value_malformed")
        found.append((name, one))
    return tuple(found)


def operand(field: Field, op: str, value: Any) -> Any:
    """The operand as clause 9 has it for this operator and field."""
    if op != "reveal":
        need((op in OF_SETS) == (field.type == "codes"), "operator_unsupported")
    if op in (*COMPARISONS, "range"):
        if op != "range":
            return threshold(field, value)
        need(isinstance(value, list) and len(value) == 2, "question_malformed")
        return _range(field, value)
    if op in ("in", "not in", *OF_SETS):
        need(isinstance(value, list), "question_malformed")
        need(field.mode == "enum", "operator_unsupported")
        return _set(field, value)
    if op == "reveal":
        return None
    if field.mode == "enum":
        return _member(field, value)
    if (value == "none" and field.none_on_record) or (value == "no end" and field.no_end):
        return value
    return _value(field, value)


def _member(field: Field, value: Any) -> str:
    """A member of an enum; an empty text is of another type (clause 17)."""
    need(text(value), "type_wrong")
    need(value in field.members, "set_member_unknown")
    return str(value)


def _range(field: Field, value: list[Any]) -> tuple[int, int]:
    """Two values that rise, none of them moving."""
    if field.type == "enum":
        need([_member(field, one) for one in value] == [], "range_empty")
    low, high = (_value(field, one) for one in value)
    need(field.type in ("integer", "date", "month") and low < high, "range_empty")
    return low, high


def threshold(field: Field, value: Any) -> Any:
    """A threshold: integer, days of a date or month, or a moving one; whether it lies on a ladder is seen later."""
    if isinstance(value, dict):
        need(field.mode == "ladder" and field.type in ("date", "month"), "operator_unsupported")
        members(value, "as_of_minus_months")
        return Moving(integer(value["as_of_minus_months"], 0, MAX_MONTHS))
    if field.type in ("text", "code", "bool", "enum"):
        need(isinstance(value, str) or field.type != "enum", "type_wrong")
        raise RefusedError("operator_unsupported")
    return _value(field, value)


def _value(field: Field, value: Any) -> Any:
    """A value of the field; an empty text and a month of other than seven characters are of another type."""
    need(value != "" or field.scale, "type_wrong")
    need(field.type != "month" or (isinstance(value, str) and len(value) == MONTH_SIZE), "type_wrong")
    return values.typed(field.type, value, field.scale)


def _set(field: Field, value: list[Any]) -> tuple[str, ...]:
    need(len(value) <= MAX_MEMBERS, "question_malformed")
    need(value, "set_empty")
    need(all(isinstance(m, str) and m in field.members for m in value), "set_member_unknown")
    need(len(set(value)) == len(value), "set_duplicate")
    need(len(value) < len(field.members) or field.type == "codes", "set_full")
    return tuple(m for m in field.members if m in value)


def to_json(question: Question, schema: Schema) -> dict[str, Any]:
    """The JSON form: the members in their one writing."""
    field = schema.by_name[question.field]
    found: dict[str, Any] = {"schema": question.schema, "field": question.field, "op": question.op}
    if question.per:
        found["per"] = dict(question.per)
    if question.issuer is not None:
        found["issuer"] = "0x" + question.issuer.hex()
    if isinstance(question.operand, tuple):
        found["operand"] = [_plain(field, v) for v in question.operand]
    elif question.op != "reveal":
        found["operand"] = _plain(field, question.operand)
    if question.period:
        found["period"] = period_text(question.period)
    return found


def _plain(field: Field, value: Any) -> Any:
    if isinstance(value, Moving):
        return {"as_of_minus_months": value.months}
    if is_int(value) and field.type in ("date", "month"):
        return values.day_text(value)[: 10 if field.type == "date" else 7]
    if field.scale:
        return values.number_text(value, field.scale)
    return value
