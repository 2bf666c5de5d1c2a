"""What version 2 of the values adds: scales, currencies, sets, ends, points of a ladder's own, all comparisons."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.commitment import Committer, FieldProof
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.number import decimal_text, parse_number, smallest_units
from ledger_node.domain.proof import Outcome, Prover, check_proof, revealed
from ledger_node.domain.question import COMPARISONS, Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.rule import Rule
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, HasAny, Reveal, lower
from ledger_node.domain.value import FieldType, Period, Special, parse_date, predecessor, successor
from tests.kit.world import h

FIELDS = [
    {
        "name": "insured",
        "type": "integer",
        "unit": "persons",
        "mode": "ladder",
        "ladder": {"kind": "two_digits", "from": 10, "to": 1_000, "also": [1, 301]},
    },
    {
        "name": "profit",
        "type": "integer",
        "currency": "CNY",
        "scale": 2,
        "resolution": "100",
        "mode": "ladder",
        "ladder": {"kind": "two_digits", "from": "1000", "to": "1000000", "mirrored": True, "also": ["3000000"]},
        "bounds": {"from": "-100000000", "to": "100000000"},
    },
    {
        "name": "change",
        "type": "integer",
        "unit": "percent",
        "scale": 1,
        "mode": "ladder",
        "ladder": {"kind": "integers", "from": "-100", "to": "200", "step": "5"},
    },
    {
        "name": "valid_to",
        "type": "date",
        "mode": "ladder",
        "none_on_record": True,
        "no_end": True,
        "ladder": {"kind": "days", "from": "1990-01-01", "to": "2069-12-31"},
    },
    {"name": "pledged", "type": "codes", "mode": "enum", "members": ["land", "shares", "goods"]},
]
SPEC = {"name": "firm", "version": 2, "fields": FIELDS}
SCHEMA = Schema.from_json(SPEC)
SCHEMAS = {"firm": SCHEMA}
COMMITTER, SEED = Committer(SCHEMA), h("seed")
RAW = {"insured": 300, "profit": "-25300", "change": "-12.5", "valid_to": "no end", "pledged": ["goods", "land"]}
HOLDS, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.DOES_NOT_HOLD


def answer(text, **changes):
    values = SCHEMA.parse_values(RAW | changes)
    question = Question.parse(f"firm.{text}", SCHEMAS)
    field = SCHEMA.field(question.field)
    sent = decode(encode(question.to_json(field)))
    assert Question.from_json(sent, SCHEMAS) == question
    statement = lower(question, field)
    proof = Prover(COMMITTER, SEED, values).prove(field, statement, may_disclose=False)
    assert isinstance(proof, FieldProof)
    return check_proof(SCHEMA, COMMITTER.commit(SEED, values).root, field, statement, proof)


def refused(call, *args, **more):
    with pytest.raises(InvalidInputError) as error:
        call(*args, **more)
    return error.value.reason


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("insured <= 300 persons", {}, HOLDS),
        ("insured <= 300 persons", {"insured": 301}, DOES_NOT_HOLD),
        ("insured > 300", {"insured": 301}, HOLDS),
        ("insured < 1", {"insured": 0}, HOLDS),
        ("insured equals 300", {}, HOLDS),
        ("insured equals 300", {"insured": 301}, DOES_NOT_HOLD),
        ("profit >= -26000 CNY", {}, HOLDS),
        ("profit < 0 CNY", {}, HOLDS),
        ("profit >= 3000000 CNY", {"profit": "3000000"}, HOLDS),
        ("change < -10 percent", {}, HOLDS),
        ("change between -15 percent and -10 percent", {}, HOLDS),
        ("change >= -10 percent", {"change": "-10"}, HOLDS),
        ("change >= -10 percent", {"change": "-10.1"}, DOES_NOT_HOLD),
        ("valid_to >= 2060-02-29", {}, HOLDS),
        ("valid_to > 2026-12-31", {"valid_to": "2026-12-31"}, DOES_NOT_HOLD),
        ("valid_to <= 2026-12-31", {"valid_to": "2026-12-31"}, HOLDS),
        ("valid_to <= 2069-12-30", {"valid_to": "none"}, HOLDS),
        ("valid_to equals no end", {}, HOLDS),
        ("valid_to equals no end", {"valid_to": "9999-12-31"}, DOES_NOT_HOLD),
        ("valid_to equals none", {"valid_to": "none"}, HOLDS),
        ("valid_to equals none", {"valid_to": "0001-01-01"}, DOES_NOT_HOLD),
        ("valid_to equals none", {}, DOES_NOT_HOLD),
        ("pledged has any of {shares, goods}", {}, HOLDS),
        ("pledged has any of {shares}", {}, DOES_NOT_HOLD),
        ("pledged has none of {shares}", {}, HOLDS),
        ("pledged has none of {land, shares, goods}", {"pledged": []}, HOLDS),
        ("pledged has none of {land, shares, goods}", {}, DOES_NOT_HOLD),
        ("pledged has all of {goods, land}", {}, HOLDS),
        ("pledged has all of {land, shares, goods}", {}, DOES_NOT_HOLD),
        ("pledged reveal", {}, HOLDS),
    ],
)
def test_a_question_is_answered_rightly(text, changes, expected):
    assert answer(text, **changes) is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("insured <= 310", Reason.OFF_LADDER),
        ("insured > 299.5", Reason.VALUE_MALFORMED),
        ("profit > 20000 CNY", Reason.OFF_LADDER),
        ("profit equals 20000 CNY", Reason.OFF_LADDER),
        ("profit >= 20000 USD", Reason.CURRENCY_DIFFERS),
        ("profit >= 20000", Reason.UNIT_MISSING),
        ("change >= 7 percent", Reason.OFF_LADDER),
        ("change >= 0.05 percent", Reason.VALUE_MALFORMED),
        ("valid_to > 2069-12-31", Reason.OFF_LADDER),
        ("valid_to >= no end", Reason.VALUE_MALFORMED),
        ("valid_to < none", Reason.VALUE_MALFORMED),
        ("pledged in {land}", Reason.OPERATOR_UNSUPPORTED),
        ("pledged equals land", Reason.OPERATOR_UNSUPPORTED),
        ("pledged >= 1", Reason.OPERATOR_UNSUPPORTED),
        ("pledged has any of {}", Reason.SET_EMPTY),
        ("pledged has any of {land, land}", Reason.SET_DUPLICATE),
        ("pledged has any of {gold}", Reason.SET_MEMBER_UNKNOWN),
        ("pledged has land", Reason.QUESTION_MALFORMED),
        ("insured has any of {land}", Reason.OPERATOR_UNSUPPORTED),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(text, reason):
    assert refused(answer, text) is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"profit": -2_530_000}, Reason.TYPE_WRONG),
        ({"insured": "300"}, Reason.TYPE_WRONG),
        ({"pledged": "land"}, Reason.TYPE_WRONG),
        ({"pledged": [1]}, Reason.TYPE_WRONG),
        ({"pledged": ["gold"]}, Reason.SET_MEMBER_UNKNOWN),
        ({"pledged": ["land", "land"]}, Reason.SET_DUPLICATE),
        ({"pledged": None}, Reason.VALUE_MISSING),
        ({"valid_to": "endless"}, Reason.VALUE_MALFORMED),
    ],
)
def test_a_value_of_another_form_is_refused_with_its_reason(changes, reason):
    assert refused(SCHEMA.parse_values, RAW | changes) is reason


def test_values_and_their_json_lead_to_each_other():
    values = SCHEMA.parse_values(RAW)
    assert values == (300, -2_530_000, -125, Special.NO_END, ("land", "goods"))
    formed = {field.name: field.format(value) for field, value in zip(SCHEMA.fields, values, strict=True)}
    assert formed == RAW | {"pledged": ["land", "goods"]}
    assert [field.text(value) for field, value in zip(SCHEMA.fields, values, strict=True)] == [
        "300 persons",
        "-25300 CNY",
        "-12.5 percent",
        "no end",
        "{land, goods}",
    ]


def sensible(**changes):
    SCHEMA.require_sense(SCHEMA.parse_values(RAW | changes), as_of=20_000, period=Period(19_000, 19_100))


def test_a_value_that_is_no_multiple_of_its_resolution_is_not_attested():
    sensible()
    assert refused(sensible, profit="-25350") is Reason.VALUE_OUT_OF_BOUNDS
    assert refused(sensible, profit="-25300.01") is Reason.VALUE_OUT_OF_BOUNDS


@settings(deadline=None, max_examples=300)
@given(st.integers(1 - 2**53, 2**53 - 1), st.integers(0, 9))
def test_a_number_has_one_text_and_is_never_rounded(value, scale):
    text = decimal_text(value, scale)
    assert smallest_units(text, scale) == value
    assert parse_number(text if scale else value, "x", scale) == value
    if scale:
        for other in (text + "0", "0" + text, "+" + text, text + ".", text + " "):
            if other != text and not (other.endswith("0") and "." not in other):
                assert refused(parse_number, other, "x", scale) is Reason.VALUE_MALFORMED


@pytest.mark.parametrize("op", COMPARISONS)
@settings(deadline=None, max_examples=60)
@given(value=st.integers(280, 320), threshold=st.integers(1, 1_000))
def test_a_comparison_says_what_its_sign_says_or_is_refused(op, value, threshold):
    try:
        found = answer(f"insured {op} {threshold}", insured=value)
    except InvalidInputError as error:
        assert error.reason is Reason.OFF_LADDER  # noqa: PT017 - a threshold may lie off the ladder
        return
    holds = {">=": value >= threshold, ">": value > threshold, "<=": value <= threshold, "<": value < threshold}
    assert found is (HOLDS if holds[op] else DOES_NOT_HOLD)


@settings(max_examples=200)
@given(st.integers(parse_date("0001-01-02", "x"), parse_date("9999-11-30", "x")))
def test_the_value_after_and_the_value_before_are_neighbours(day):
    for kind in (FieldType.INTEGER, FieldType.DATE):
        assert predecessor(kind, successor(kind, day)) == day
    month = predecessor(FieldType.MONTH, day)
    assert month < day
    assert predecessor(FieldType.MONTH, successor(FieldType.MONTH, month)) == month


def test_an_off_ladder_comparison_names_neighbours_that_can_be_asked():
    for op in (Op.ABOVE, Op.AT_MOST):
        question = Question.parse(f"firm.valid_to {op} 2069-12-31", SCHEMAS)
        with pytest.raises(InvalidInputError) as error:
            lower(question, SCHEMA.field("valid_to"))
        assert "allowed nearby: 2069-12-29, 2069-12-30" in error.value.message
        assert "from 1989-12-31 to 2069-12-30" in error.value.message


def test_days_over_decades_are_counted_and_not_listed():
    ladder = SCHEMA.field("valid_to").require_ladder()
    assert len(ladder) == 29_220 + 2
    began = time.perf_counter()
    for day in range(parse_date("1990-01-01", "x"), parse_date("1993-01-01", "x")):
        assert ladder.idx(day) == ladder.position(day)
    assert time.perf_counter() - began < 1
    statement = AtLeast(ladder.position(parse_date("2026-06-30", "x")))
    prover = Prover(COMMITTER, SEED, SCHEMA.parse_values(RAW))
    proof = prover.prove(SCHEMA.field("valid_to"), statement, may_disclose=False)
    root = COMMITTER.commit(SEED, prover.values).root
    assert check_proof(SCHEMA, root, SCHEMA.field("valid_to"), statement, proof) is HOLDS


RULED = {field.name: field for field in SCHEMA.fields} | {
    field.name: field
    for field in Schema.from_json(
        {
            "name": "more",
            "version": 1,
            "fields": [
                {"name": "sales", "type": "integer", "currency": "CNY", "scale": 2, "mode": "plain"},
                {"name": "dollars", "type": "integer", "currency": "USD", "scale": 2, "mode": "plain"},
                {"name": "rounded", "type": "integer", "currency": "CNY", "mode": "plain"},
                {"name": "since", "type": "date", "mode": "plain"},
            ],
        }
    ).fields
}


@pytest.mark.parametrize(
    ("rule", "row", "obeyed"),
    [
        (["profit", "<=", "sales"], {"profit": 5, "sales": 5}, True),
        (["profit", "<=", "sales"], {"profit": 6, "sales": 5}, False),
        (["profit", ">=", "-0.5"], {"profit": -50}, True),
        (["profit", ">=", "-0.5"], {"profit": -51}, False),
        (["since", "<=", "valid_to"], {"since": 2**30, "valid_to": Special.NO_END}, True),
        (["since", "<=", "valid_to"], {"since": -(2**30), "valid_to": Special.NONE_ON_RECORD}, False),
        (["valid_to", "!=", "no end"], {"valid_to": Special.NO_END}, False),
        (["valid_to", "=", "none"], {"valid_to": Special.NO_END}, False),
    ],
)
def test_rules_compare_numbers_of_one_measure_and_ends(rule, row, obeyed):
    made = Rule.from_json(rule, RULED)
    if obeyed:
        made.require(row)
    else:
        assert refused(made.require, row) is Reason.ROW_INCONSISTENT


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (["profit", "<=", "dollars"], Reason.SCHEMA_INVALID),
        (["profit", "<=", "rounded"], Reason.SCHEMA_INVALID),
        (["profit", "<=", "period_year"], Reason.SCHEMA_INVALID),
        (["profit", "<=", 5], Reason.TYPE_WRONG),
        (["since", "=", "no end"], Reason.SCHEMA_INVALID),
        (["valid_to", "<", "no end"], Reason.SCHEMA_INVALID),
        (["pledged", "=", "land"], Reason.SCHEMA_INVALID),
    ],
)
def test_rules_that_compare_what_differs_are_refused(rule, reason):
    assert refused(Rule.from_json, rule, RULED) is reason


def test_a_set_tells_nothing_apart_and_has_no_bounds():
    assert refused(Schema.from_json, SPEC | {"per": [{"field": "pledged"}]}) is Reason.SCHEMA_INVALID
    bounded = [*FIELDS[:-1], FIELDS[-1] | {"bounds": {"from": 1, "to": 2}}]
    assert refused(Schema.from_json, SPEC | {"fields": bounded}) is Reason.SCHEMA_INVALID


@pytest.mark.parametrize("pledged", [[], ["land"], ["goods", "land"], ["land", "shares", "goods"]])
def test_a_set_that_is_revealed_is_the_committed_one(pledged):
    values = SCHEMA.parse_values(RAW | {"pledged": pledged})
    field, prover = SCHEMA.field("pledged"), Prover(COMMITTER, SEED, values)
    shown = prover.prove(field, Reveal(), may_disclose=True)
    assert check_proof(SCHEMA, COMMITTER.commit(SEED, values).root, field, Reveal(), shown) is HOLDS
    assert set(revealed(field, shown)) == set(pledged)
    part = prover.prove(field, HasAny(frozenset({0})), may_disclose=True)
    assert revealed(field, part) is None


@pytest.mark.parametrize(("field", "op"), [("insured", Op.IN), ("pledged", Op.AT_LEAST)])
def test_a_question_that_its_field_cannot_answer_is_refused_with_what_it_can(field, op):
    question = Question("firm", field, op, ("land",) if op is Op.IN else 1)
    assert refused(lower, question, SCHEMA.field(field)) is Reason.OPERATOR_UNSUPPORTED
