"""What may be asked, as programs list it: fields, operators with their sentences, steps and members in words."""

from collections.abc import Mapping

from api.catalogue.question_choice import FieldChoice, field_choices, operand_kind, steps_of
from ledger_node.domain.amount_words import amount_words, date_words, month_words
from ledger_node.domain.canonical import JSON
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.question import Op
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import FieldType
from ledger_node.domain.wording import FieldWords, Wording


def catalogue_listing(purposes: Purposes, schemas: Mapping[str, Schema], wording: Wording) -> list[JSON]:
    """Return every field that a purpose covers; ``wording``: of one language."""
    covered: dict[str, list[JSON]] = {}
    choices: dict[str, FieldChoice] = {}
    for purpose in purposes.listed:
        for choice in field_choices(purpose, schemas):
            choices[choice.name] = choice
            covered.setdefault(choice.name, []).append(purpose.code)
    return [_listed(choice, covered[name], wording) for name, choice in sorted(choices.items())]


def _listed(choice: FieldChoice, purposes: list[JSON], wording: Wording) -> JSON:
    schema, field = choice.schema, choice.field
    words = wording.types[schema.name]
    called = words.fields[field.name]
    return {
        "type": schema.name,
        "field": field.name,
        "title": words.title[wording.language],
        "label": called.label[wording.language],
        "purposes": purposes,
        "operators": [_operator(field, op, called, wording) for op in choice.operators],
        "steps": _steps(field, wording),
        "members": [{"value": member, "words": named[wording.language]} for member, named in called.members.items()],
    }


def _operator(field: Field, op: Op, called: FieldWords, wording: Wording) -> JSON:
    sentence = called.questions.get(op.value)
    return {
        "op": op.value,
        "operand": operand_kind(field, op).value,
        "sentence": None if sentence is None else sentence[wording.language],
    }


def _steps(field: Field, wording: Wording) -> JSON:
    if field.mode is not Mode.LADDER:
        return []
    steps = steps_of(field, Op.AT_LEAST)
    if steps is None:
        return None
    return [{"value": field.format(step), "words": _step_words(field, step, wording)} for step in steps]


def _step_words(field: Field, step: int, wording: Wording) -> str:
    if field.type is FieldType.INTEGER:
        return amount_words(step, field.measure, wording)
    by_day = field.type is FieldType.DATE
    return date_words(step, wording.language) if by_day else month_words(step, wording.language)
