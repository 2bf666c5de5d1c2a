"""Texts of questions, written and read (clauses 9 and 17)."""

import re
from typing import Any

from . import question as q
from . import values
from .errors import need
from .question import Moving, Question
from .schema import Field, Schema

HEAD = re.compile(r"([a-z][a-z0-9_]*)(?:\[([^\[\]]*)\])?\.([a-z][a-z0-9_]*) (.*)\Z", re.DOTALL)
DURING = re.compile(rf"(.*) during ([0-9]{{4}}|[0-9]{{4}}-[0-9]{{2}}|{q.D}:{q.D})\Z", re.DOTALL)
MOVING = re.compile(r"as_of - (0|[1-9][0-9]*) months\Z")
AMOUNT = re.compile(r"(-?[0-9.]+)(?: ([A-Za-z][A-Za-z0-9_]*))?\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
ISSUER = re.compile(r"0x[0-9a-f]{64}\Z")


def write(question: Question, schema: Schema) -> str:
    """The one text of a question."""
    field = schema.by_name[question.field]
    selector = [f"{name}={value}" for name, value in question.per]
    if question.issuer is not None:
        selector.append("issuer=0x" + question.issuer.hex())
    name = question.schema + (f"[{', '.join(selector)}]" if selector else "") + "." + question.field
    during = f" during {q.period_text(question.period)}" if question.period else ""
    return f"{name} {_body(field, question)}{during}"


def _body(field: Field, question: Question) -> str:
    if question.op == "reveal":
        return "reveal"
    if question.op == "range":
        low, high = (_value(field, v) for v in question.operand)
        return f"between {low} and {high}"
    if isinstance(question.operand, tuple):
        return f"{question.op} {{{', '.join(question.operand)}}}"
    return f"{question.op} {_value(field, question.operand)}"


def _value(field: Field, value: Any) -> str:
    if isinstance(value, Moving):
        return f"as_of - {value.months} months"
    if field.type == "integer":
        word = field.currency or field.unit
        return values.number_text(value, field.scale) + (f" {word}" if word else "")
    if field.type in ("date", "month") and isinstance(value, int):
        return values.day_text(value)[: 10 if field.type == "date" else 7]
    return str(value).lower() if field.type == "bool" else value


def read(text: str, schemas: dict[str, Schema]) -> Question:
    """The question that a text is read as; anything else is `question_malformed`."""
    head = HEAD.match(text)
    need(head, "question_malformed")
    assert head
    name, selector, field_name, rest = head.groups()
    need(name in schemas, "schema_unknown")
    schema = schemas[name]
    need(field_name in schema.by_name, "field_unknown")
    during = DURING.match(rest)
    period = q.period_days(during[2]) if during else None
    per, issuer = _selector(selector)
    found = {
        "schema": name,
        "field": field_name,
        **_operation(schema.by_name[field_name], during[1] if during else rest),
    }
    if per:
        found["per"] = per
    if issuer:
        found["issuer"] = issuer
    question = q.read(found, schemas)
    return Question(**{**question.__dict__, "period": period})


def _selector(selector: str | None) -> tuple[dict[str, str], str | None]:
    if selector is None:
        return {}, None
    pairs = [part.partition("=")[::2] for part in selector.split(", ")]
    issuer = pairs.pop()[1] if pairs[-1][0] == "issuer" else None
    need(issuer is None or ISSUER.match(issuer), "question_malformed")
    return dict(pairs), issuer


def _operation(field: Field, rest: str) -> dict[str, Any]:
    if rest == "reveal":
        return {"op": "reveal"}
    if rest.startswith("between "):
        low, joint, high = rest[8:].partition(" and ")
        need(joint, "question_malformed")
        return {"op": "range", "operand": [_operand(field, low), _operand(field, high)]}
    for op in ("not in", "in", *q.OF_SETS):
        if rest.startswith(op + " {") and rest.endswith("}"):
            inner = rest[len(op) + 2 : -1]
            return {"op": op, "operand": inner.split(", ") if inner else []}
    op, _, operand = rest.partition(" ")
    need(op in (*q.COMPARISONS, "equals"), "question_malformed")
    return {"op": op, "operand": _operand(field, operand)}


def _operand(field: Field, text: str) -> Any:
    """The JSON form of an operand's text."""
    need(text == text.strip(), "question_malformed", "space at its ends is none of the operand")
    moving = MOVING.match(text)
    if moving and field.type in ("date", "month"):
        return {"as_of_minus_months": int(moving[1])}
    if field.type == "bool":
        need(text in ("true", "false"), "question_malformed")
        return text == "true"
    if field.type == "integer":
        return _number(field, text)
    return text


def _number(field: Field, text: str) -> Any:
    """The JSON of a number that is written with its currency or unit."""
    found = AMOUNT.match(text)
    need(found, "value_malformed" if field.scale else "question_malformed")
    assert found
    number, word = found.groups()
    wanted = field.currency or field.unit
    if word != wanted:
        need(not (field.currency and word and CURRENCY.match(word)), "currency_differs")
        need(word is not None, "unit_missing")
        need(word is None, "unit_unknown")
    units = values.number(number, field.scale) if field.scale else _digits(number)
    return values.number_text(units, field.scale) if field.scale else units


def _digits(text: str) -> int:
    need(re.match(r"(0|-?[1-9][0-9]*)\Z", text), "value_malformed")
    return int(text)
