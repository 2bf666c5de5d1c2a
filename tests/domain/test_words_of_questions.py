"""What people are told to change in ladders, schemas and questions, word for word (see test_words)."""

import pytest

from ledger_node.domain.claim import Claim
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.statement import lower
from tests.domain.test_words import said
from tests.kit.field import ladder_of
from tests.kit.world import FACTS, Question
from tests.kit.world import SCHEMAS as OF_THE_WORLD

MOVING = Schema.from_json(
    {
        "name": "moving",
        "version": 1,
        "fields": [
            {
                "name": "month",
                "type": "month",
                "mode": "ladder",
                "ladder": {"kind": "months", "from": "2022-01", "to": "2026-12"},
            },
        ],
    }
)
SCHEMAS = SchemaSet((*OF_THE_WORLD.listed, MOVING))


def ladder(kind, low, high):
    ladder_of({"kind": kind, "from": low, "to": high})


def made(**changes):
    field = {"name": "x", "type": "text", "mode": "plain"} | changes
    Schema.from_json({"name": "s", "version": 1, "fields": [field]})


def asked(text):
    question = Question.parse(text, SCHEMAS)
    lower(question, SCHEMAS[question.schema].field(question.field))


def sent(field, op, operand=None):
    Question.from_json({"schema": "firm_facts", "field": field, "op": op, "operand": operand}, SCHEMAS)


SCHEMA_FORMS = [
    (
        lambda: ladder("free", 1, 9),
        "schema_invalid ladder: no field of type integer has a ladder of this kind",
    ),
    (lambda: ladder("integers", 2, 1), "schema_invalid ladder: a ladder has at least one threshold"),
    (lambda: ladder("integers", 1, 65_536), "schema_invalid ladder: a ladder has at most 65535 points"),
    (lambda: ladder("days", "1900-01-01", "2079-06-06"), "schema_invalid ladder: a ladder has at most 65535 points"),
    (lambda: ladder("months", "0001-01", "9000-01"), "schema_invalid ladder: a ladder has at most 65535 points"),
    (lambda: ladder("one_digit", 0, 9), "schema_invalid ladder: a ladder of significant digits starts above zero"),
    (lambda: ladder("months", "x", "2020-01"), "type_wrong from: 'from' must be a month written YYYY-MM"),
    (lambda: ladder("months", "2020-01", "x"), "type_wrong to: 'to' must be a month written YYYY-MM"),
    (lambda: ladder("days", "x", "2020-01-01"), "value_malformed from: 'from' must be a date written YYYY-MM-DD"),
    (lambda: ladder("days", "2020-01-01", "x"), "value_malformed to: 'to' must be a date written YYYY-MM-DD"),
    (lambda: ladder("integers", "1", 2), "type_wrong from: 'from' must be an integer"),
    (lambda: ladder("integers", 1, "2"), "type_wrong to: 'to' must be an integer"),
    (
        lambda: ladder("integers", 1, 2**127),
        "value_out_of_range to: 'to' must lie between -9007199254740991 and 9007199254740991",
    ),
    (
        lambda: ladder("integers", -(2**127), 1),
        "value_out_of_range from: 'from' must lie between -9007199254740991 and 9007199254740991",
    ),
    (lambda: made(type="float"), "schema_invalid: field 'x' has an unknown type or mode"),
    (lambda: made(type="integer", unit=5), "type_wrong unit: 'unit' must be a text"),
    (lambda: made(type="enum"), "schema_invalid: field 'x': types enum and codes go with mode enum"),
    (
        lambda: made(type="text", mode="ladder", ladder={"kind": "integers", "from": 1, "to": 2}),
        "schema_invalid ladder: no field of type text has a ladder of this kind",
    ),
    (
        lambda: made(none_on_record=True),
        "schema_invalid: field 'x': none on record and no end are for dates and months on a ladder",
    ),
    (
        lambda: made(type="enum", mode="enum", members=["A"]),
        "schema_invalid: field 'x' needs two or more different members of letters, digits and _",
    ),
    (lambda: made(name="X"), "schema_invalid: names are lower-case letters, digits and _, starting with a letter"),
    (
        lambda: Schema.from_json({"name": "s", "version": 1, "fields": []}),
        "schema_invalid: a schema has at least one field, and no field twice",
    ),
    (lambda: FACTS.field("year").require_ladder(), "operator_unsupported year: 'year' has no ladder of thresholds"),
    (lambda: Schema.from_json(5), "type_wrong schema: schema must be a JSON object"),
    (lambda: made(extra=1), "field_unknown extra: field has an unknown member 'extra'"),
]


@pytest.mark.parametrize(("call", "words"), SCHEMA_FORMS)
def test_a_ladder_or_schema_that_is_refused(call, words):
    assert said(call) == words


TEXTS = [
    (
        "nothing",
        (
            "question_malformed question: write a question as: schema.field >= 500000 CNY | > … | <= … | < … | "
            "between x and y | in {A, B} | not in {D} | has any of {A, B} | has none of … | has all of … | equals x | "
            "reveal, optionally followed by: during 2025"
        ),
    ),
    ("other.paid >= 1 CNY", "schema_unknown other: no such schema; there are firm_facts, moving, subject_registration"),
    (
        "firm_facts.gone >= 1",
        (
            "field_unknown gone: schema firm_facts has no such field; it has kind, paid, sales, grade, "
            "last_month, count, year, rated_on, listed, note, state"
        ),
    ),
    ("firm_facts.paid in {A}", "operator_unsupported paid: 'paid' is not a set of members"),
    ("firm_facts.grade in A", "question_malformed question: write the set as: in {A, B}"),
    ("firm_facts.grade in {}", "set_empty grade: the set has no member"),
    ("firm_facts.grade in {E}", "set_member_unknown grade: members of 'grade' are A, B, M, C, D"),
    ("firm_facts.grade in {A, A}", "set_duplicate grade: a member stands twice in the set"),
    ("firm_facts.grade in {A, B, M, C, D}", "set_full grade: a set of all members asks nothing"),
    ("firm_facts.grade equals E", "set_member_unknown grade: members of 'grade' are A, B, M, C, D"),
    ("firm_facts.grade >= A", "operator_unsupported grade: '>=' compares numbers, dates and months"),
    (
        "firm_facts.paid between 2 CNY and 1 CNY",
        "range_empty operand: a range goes from a threshold to below a higher one",
    ),
    ("firm_facts.kind equals a\x01b", "question_malformed question: a question holds no control characters"),
    ("firm_facts.note reveal all", "question_malformed question: reveal takes no operand"),
    ("firm_facts.paid >= 1000", "unit_missing paid: say the unit: write the number and CNY"),
    ("firm_facts.paid >= 1000 USD", "currency_differs paid: 'paid' is in CNY; nothing is converted"),
    ("firm_facts.paid >= 1000 yuan", "unit_unknown paid: 'yuan' is not the unit of 'paid': use CNY"),
    (
        "firm_facts.paid >= 1 ABCDEFGHIJKLMNOPQ",
        "unit_unknown paid: 'ABCDEFGHIJKLMNOPQ' is not the unit of 'paid': use CNY",
    ),
    ("firm_facts.count >= 1 months", "unit_unknown count: 'months' is not the unit of 'count': it has none"),
    ("firm_facts.paid >= much", "value_malformed paid: 'paid' is compared with a number"),
    ("firm_facts.paid >= 0.001 CNY", "value_malformed paid: 'paid' has no such fraction of its unit"),
    (
        "firm_facts.paid >= 1500 CNY",
        (
            "off_ladder: this threshold is not on the field's ladder; allowed nearby: 1000 CNY, 2000 CNY, 3000 "
            "CNY (the ladder goes from 1000 CNY to 1000000 CNY)"
        ),
    ),
    (
        "firm_facts.paid >= 4500 CNY",
        (
            "off_ladder: this threshold is not on the field's ladder; allowed nearby: 3000 CNY, 4000 CNY, 5000 CNY, "
            "6000 CNY (the ladder goes from 1000 CNY to 1000000 CNY)"
        ),
    ),
    ("firm_facts.paid reveal", "not_revealable paid: 'paid' only answers thresholds, it is never shown"),
    ("firm_facts.year >= 1", "operator_unsupported year: '>=' cannot be asked of 'year'; ask equals or reveal"),
    ("firm_facts.listed in {A}", "operator_unsupported listed: 'listed' is not a set of members"),
    (
        "firm_facts.paid equals 1000 CNY",
        (
            "off_ladder: this threshold is not on the field's ladder; allowed nearby: 999.99 CNY, 1999.99 CNY, "
            "2999.99 CNY (the ladder goes from 999.99 CNY to 999999.99 CNY)"
        ),
    ),
    ("firm_facts.grade between 1 and 2", "set_member_unknown grade: members of 'grade' are A, B, M, C, D"),
    (
        "firm_facts.rated_on >= 2025-01-01",
        "operator_unsupported rated_on: '>=' cannot be asked of 'rated_on'; ask equals or reveal",
    ),
    ("firm_facts.count reveal during 2025-13", "value_malformed period: 'period' must be a date written YYYY-MM-DD"),
    ("moving.month < as_of - x months", "question_malformed operand: write a moving threshold as: as_of - 24 months"),
    (
        "moving.month < as_of - 1201 months",
        "value_out_of_range operand: a moving threshold goes back at most 1200 months",
    ),
    (
        "firm_facts.year < as_of - 1 months",
        "operator_unsupported year: 'year' is no date or month on a ladder, so it has no moving threshold",
    ),
]


@pytest.mark.parametrize(("text", "words"), TEXTS)
def test_a_question_that_is_refused(text, words):
    assert said(lambda: asked(text)) == words


OBJECTS = [
    (
        lambda: sent("paid", "~"),
        (
            "operator_unsupported op: an operator is one of >=, >, <=, <, range, in, not in, has any of, has none of, "
            "has all of, equals, reveal"
        ),
    ),
    (lambda: sent("note", "reveal", 1), "question_malformed question: reveal takes no operand"),
    (lambda: sent("grade", "in", "A"), "question_malformed question: 'in' takes a list of at most 256 members"),
    (lambda: sent("grade", "in", ["A"] * 257), "question_malformed question: 'in' takes a list of at most 256 members"),
    (
        lambda: sent("count", "range", [1]),
        "question_malformed question: a range takes two thresholds: from the first to below the second",
    ),
    (
        lambda: sent("note", "equals", "x during 2025"),
        "question_malformed question: this text cannot be asked for: it has no unambiguous text form",
    ),
    (lambda: sent("grade", "not in", 5), "question_malformed question: 'not in' takes a list of at most 256 members"),
    (
        lambda: sent("count", "range", [2, 1]),
        "range_empty operand: a range goes from a threshold to below a higher one",
    ),
    (lambda: sent("grade", ">=", "A"), "operator_unsupported grade: '>=' compares numbers, dates and months"),
    (lambda: sent("listed", ">=", True), "operator_unsupported listed: '>=' compares numbers, dates and months"),
    (
        lambda: sent("last_month", "<", {"as_of_minus_months": 1201}),
        "value_out_of_range as_of_minus_months: 'as_of_minus_months' must lie between 0 and 1200",
    ),
    (
        lambda: sent("last_month", "<", {"months": 1}),
        "field_missing as_of_minus_months: operand lacks 'as_of_minus_months'",
    ),
    (
        lambda: sent("year", "<", {"as_of_minus_months": 12}),
        "operator_unsupported year: 'year' is no date or month on a ladder, so it has no moving threshold",
    ),
    (lambda: sent("year", "equals", True), "type_wrong year: 'year' must be an integer"),
    (lambda: sent("year", "equals", None), "type_wrong year: 'year' must be an integer"),
]


@pytest.mark.parametrize(("call", "words"), OBJECTS)
def test_a_question_in_json_that_is_refused(call, words):
    assert said(call) == words


PAIR = "firm_facts.count >= 1; firm_facts.year equals 2025"
CLAIMS = [
    (
        f"all({PAIR}",
        (
            "question_malformed claim: write a combination as: all(question; question), any(…; …) or 2 of (…; …; …), "
            "in at most 1024 characters"
        ),
    ),
    (
        "all(firm_facts.count >= 1)",
        "question_malformed claim: a combination has 2 to 12 questions, in text separated by ';'",
    ),
    (f"any({PAIR}; all({PAIR}))", "question_malformed claim: combinations do not nest: list single questions"),
    (f"3 of ({PAIR})", "value_out_of_range needed: of 2 parts, 1 to 2 can be needed"),
    (f"all({PAIR}; firm_facts.count >= 1)", "set_duplicate of: a part stands twice in the combination"),
    (
        f"all({PAIR}; firm_facts.note reveal)",
        "operator_unsupported of: reveal is no yes or no, so it cannot be combined",
    ),
    (
        {"needed": 1, "of": ["firm_facts.count >= 1", "firm_facts.note equals a;b"]},
        "question_malformed claim: a question with ';' in it cannot be combined: the text form would be ambiguous",
    ),
    (
        {"needed": 1, "of": ["firm_facts.count >= 1", f"firm_facts.note equals {'x' * 1000}"]},
        "question_malformed claim: the combination is longer than 1024 characters",
    ),
    ({"needed": 0, "of": PAIR.split(";")}, "value_out_of_range needed: 'needed' must lie between 1 and 12"),
    ({"needed": 1, "of": ["x"] * 13}, "too_large of: 'of' has more than 12 items"),
    ({"of": PAIR.split(";")}, "field_missing needed: claim lacks 'needed'"),
    (
        {"needed": 1, "of": ["firm_facts.count >= 1", f"any({PAIR})"]},
        "question_malformed claim: combinations do not nest: list single questions",
    ),
    (
        {"needed": 1, "of": ["firm_facts.count >= 1", {"needed": 1, "of": []}]},
        "question_malformed claim: combinations do not nest: list single questions",
    ),
]


@pytest.mark.parametrize(("claim", "words"), CLAIMS)
def test_a_combination_that_is_refused(claim, words):
    assert said(lambda: Claim.from_json(claim, SCHEMAS)) == words
