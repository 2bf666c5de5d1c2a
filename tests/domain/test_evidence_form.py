"""A bundle has one writing: what says the same in another one is refused, and any other fault by its kind."""

import copy

import pytest

from ledger_node.domain.eip712 import MAX_TEXT
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from tests.kit.evidence import found, trust_of, world

FIRST = ("presentation", "claims", 0)
TERMS = ("presentation", "consent", "terms")
NUMBER = ("schemas", 0, "fields", 5)
FIELD = ("schemas", 0, "fields", 0)
PAID_TEXT = "firm_facts.paid >= 2000 CNY during 2025"


def refused_for(path, value, base=None):
    """The reason for which a bundle is refused in which one member was put, or left out where ``value`` is ``...``."""
    bundle = copy.deepcopy(world.make(base or world.World()))
    place = bundle
    for name in path[:-1]:
        place = place[name]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    report = found(examine(world.canonical(bundle), trust_of("two_claims")))
    assert report["check"] == "form"
    return report["reason"]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ((*FIRST, "question"), PAID_TEXT, "type_wrong"),
        ((*FIRST, "question"), None, "type_wrong"),
        ((*FIRST, "message"), 5, "type_wrong"),
        ((*FIRST, "reason"), 5, "type_wrong"),
        ((*FIRST, "reason"), "of no list", "value_malformed"),
        ((*FIRST, "message"), ..., "field_missing"),
        ((*FIRST, "reason"), ..., "field_missing"),
        ((*FIRST, "proof"), None, "not_canonical"),
        ((*FIRST, "attestation"), None, "not_canonical"),
        (("receipt", "max_age_days"), ..., "field_missing"),
        (("receipt", "max_age_days"), True, "type_wrong"),
        (("receipt", "max_age_days"), 2**32, "value_out_of_range"),
        ((*TERMS, "questions"), ["x" * (MAX_TEXT + 1)], "too_large"),
        ((*TERMS, "questions"), [1], "type_wrong"),
        ((*TERMS, "questions"), [], "request_invalid"),
        ((*FIELD, "optional"), None, "type_wrong"),
        ((*FIELD, "unit"), "months", "field_unknown"),
        ((*NUMBER, "unit"), None, "type_wrong"),
        ((*NUMBER, "unit"), 5, "type_wrong"),
        ((*NUMBER, "scale"), "2", "type_wrong"),
        ((*NUMBER, "scale"), 10, "value_out_of_range"),
        ((*NUMBER, "resolution"), 0, "schema_invalid"),
        (("schemas", 0, "valid_to"), None, "type_wrong"),
    ],
)
def test_a_member_of_another_kind_is_refused_by_its_fault(path, value, reason):
    assert refused_for(path, value) == reason


def test_a_part_of_a_combination_is_no_text():
    both = world.World(questions=(world.BOTH,))
    parts = [PAID_TEXT, world.INCOME]
    assert refused_for((*FIRST, "question", "of"), parts, both) == "type_wrong"
    assert refused_for((*FIRST, "question", "of"), 5, both) == "type_wrong"


@pytest.mark.parametrize("text", [" ", " x", "x during 2025", "x "])
def test_a_text_that_is_read_back_as_another_one_cannot_be_asked_for(text):
    schemas = {world.SPECS["firm_facts"]["name"]: Schema.from_json(world.SPECS["firm_facts"])}
    asked = {"schema": "firm_facts", "field": "note", "op": "equals", "operand": text}
    with pytest.raises(InvalidInputError) as refused:
        Question.from_json(asked, schemas)
    assert refused.value.reason is Reason.QUESTION_MALFORMED
