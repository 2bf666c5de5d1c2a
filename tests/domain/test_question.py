"""Questions: one meaning, one JSON form, one text form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.question import COMPARISONS, Op, Question
from ledger_node.domain.question_part import parse_operand
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, NoneOf, OneOf, Reveal, lower
from ledger_node.domain.value import Period
from tests.kit.world import CANNOT_TELL, DOES_NOT_HOLD, FACTS, HOLDS, SCHEMAS, day

periods = st.none() | st.sampled_from(["2025", "2025-03", "2025-01-02:2026-01-01"]).map(Period.parse)
dates = st.integers(day("1900-01-01"), day("2100-01-01"))
small = st.integers(-(2**53) + 1, 2**53 - 1)
pairs = st.tuples(small, small).filter(lambda pair: pair[0] < pair[1])
members = st.sets(st.sampled_from("ABMCD"), min_size=1, max_size=4).map(
    lambda chosen: tuple(member for member in "ABMCD" if member in chosen)
)
plain_texts = st.text("ab 示,{}0during2025-", min_size=1, max_size=30).map(str.strip).filter(bool)
questions = st.one_of(
    st.builds(Question, st.just("firm_facts"), st.just("paid"), st.sampled_from(COMPARISONS), small, periods),
    st.builds(Question, st.just("firm_facts"), st.just("count"), st.just(Op.RANGE), pairs, periods),
    st.builds(Question, st.just("firm_facts"), st.just("grade"), st.sampled_from([Op.IN, Op.NOT_IN]), members, periods),
    st.builds(Question, st.just("firm_facts"), st.just("rated_on"), st.just(Op.EQUALS), dates, periods),
    st.builds(Question, st.just("firm_facts"), st.just("listed"), st.just(Op.EQUALS), st.booleans(), periods),
    st.builds(Question, st.just("firm_facts"), st.just("year"), st.just(Op.EQUALS), small, periods),
    st.builds(Question, st.just("firm_facts"), st.just("note"), st.just(Op.REVEAL), st.none(), periods),
    st.builds(Question, st.just("firm_facts"), st.just("grade"), st.just(Op.EQUALS), st.sampled_from("ABMCD"), periods),
)


def refused(call, *args) -> Reason:
    with pytest.raises(InvalidInputError) as error:
        call(*args)
    return error.value.reason


def as_json(field, op, operand=None, **more):
    return {"schema": "firm_facts", "field": field, "op": op, "operand": operand} | more


@settings(deadline=None, max_examples=400)
@given(questions)
def test_text_object_and_json_lead_to_each_other(question):
    field = FACTS.field(question.field)
    sent = decode(encode(question.to_json(field)))
    assert Question.from_json(sent, SCHEMAS) == question
    assert Question.parse(question.text(field), SCHEMAS) == question
    assert Question.from_json(question.text(field), SCHEMAS) == question


@settings(deadline=None, max_examples=400)
@given(plain_texts, periods)
def test_two_questions_never_share_a_text_form(text, period):
    during = {} if period is None else {"period": str(period)}
    try:
        question = Question.from_json(as_json("note", "equals", text, **during), SCHEMAS)
    except InvalidInputError as error:
        assert error.reason in {Reason.QUESTION_MALFORMED, Reason.VALUE_MALFORMED}  # noqa: PT017 - either is right
        return
    assert Question.parse(question.text(FACTS.field("note")), SCHEMAS) == question
    assert (question.operand, question.period) == (text, period)


@pytest.mark.parametrize("text", ["x during 2025", " x", "x ", "x\u3000"])
def test_a_text_without_an_unambiguous_form_cannot_be_asked_for(text):
    assert refused(Question.from_json, as_json("note", "equals", text), SCHEMAS) is Reason.QUESTION_MALFORMED


def test_a_text_with_control_characters_is_no_value_to_ask_for():
    assert refused(Question.from_json, as_json("note", "equals", "a\nb"), SCHEMAS) is Reason.VALUE_MALFORMED
    assert refused(Question.parse, "firm_facts.note equals a\nb", SCHEMAS) is Reason.QUESTION_MALFORMED


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60) | st.text("firm_facts.paidgrade<>={} AB CNYduring 0123456789-", max_size=60))
def test_any_text_is_a_question_or_refused(text):
    try:
        question = Question.parse(text, SCHEMAS)
    except InvalidInputError:
        return
    field = FACTS.field(question.field)
    assert Question.parse(question.text(field), SCHEMAS) == question


@pytest.mark.parametrize("text", [*HOLDS, *DOES_NOT_HOLD, *CANNOT_TELL])
def test_the_canonical_text_is_read_back_to_itself(text):
    question = Question.parse(text, SCHEMAS)
    assert question.text(FACTS.field(question.field)) == text


@pytest.mark.parametrize(
    ("loose", "canonical"),
    [
        ("  firm_facts.paid>=10000.00CNY  ", "firm_facts.paid >= 10000 CNY"),
        ("firm_facts.grade  not   in {D,C} during 2025", "firm_facts.grade not in {C, D} during 2025"),
        ("firm_facts.paid < 1000.50 CNY during 2025-01-01:2025-12-31", "firm_facts.paid < 1000.5 CNY during 2025"),
        ("firm_facts.listed equals true\n", "firm_facts.listed equals true"),
        ("firm_facts.kind equals during during 2025", "firm_facts.kind equals during during 2025"),
        ("firm_facts.note equals held during the year", "firm_facts.note equals held during the year"),
    ],
)
def test_loose_writing_leads_to_the_canonical_text(loose, canonical):
    question = Question.parse(loose, SCHEMAS)
    assert question.text(FACTS.field(question.field)) == canonical


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("nothing", Reason.QUESTION_MALFORMED),
        ("firm_facts.paid == 5 CNY", Reason.QUESTION_MALFORMED),
        ("firm_facts.paid => 1000 CNY", Reason.QUESTION_MALFORMED),
        ("firm_facts.paid != 1000 CNY", Reason.QUESTION_MALFORMED),
        ("firm_facts.paid >> 1000 CNY", Reason.VALUE_MALFORMED),
        ("firm_facts.paid >= 1000 USD", Reason.CURRENCY_DIFFERS),
        ("firm_facts.paid >= 1000 %", Reason.UNIT_UNKNOWN),
        ("firm_facts.grade has any of {A}", Reason.OPERATOR_UNSUPPORTED),
        ("firm_facts.paid equals none", Reason.VALUE_MALFORMED),
        ("firm_facts.last_month equals no end", Reason.TYPE_WRONG),
        ("firm_facts.last_month >= none", Reason.TYPE_WRONG),
        ("other.paid >= 1000 CNY", Reason.SCHEMA_UNKNOWN),
        ("firm_facts.gone >= 1000 CNY", Reason.FIELD_UNKNOWN),
        ("firm_facts.paid in {A}", Reason.OPERATOR_UNSUPPORTED),
        ("firm_facts.grade in A, B", Reason.QUESTION_MALFORMED),
        ("firm_facts.grade in {A, B", Reason.QUESTION_MALFORMED),
        ("firm_facts.grade in A, B}", Reason.QUESTION_MALFORMED),
        ("firm_facts.grade in {" + "A" * 4100 + "}", Reason.QUESTION_MALFORMED),
        ("firm_facts.grade in {}", Reason.SET_EMPTY),
        ("firm_facts.grade equals E", Reason.SET_MEMBER_UNKNOWN),
        ("firm_facts.grade >= A", Reason.OPERATOR_UNSUPPORTED),
        ("firm_facts.listed >= true", Reason.OPERATOR_UNSUPPORTED),
        ("firm_facts.grade reveal everything", Reason.QUESTION_MALFORMED),
        ("firm_facts.paid between 3000 CNY and 1000 CNY", Reason.RANGE_EMPTY),
        ("firm_facts.paid between 3000 CNY and 3000 CNY", Reason.RANGE_EMPTY),
        ("firm_facts.grade between A and B", Reason.RANGE_EMPTY),
        ("firm_facts.paid >= 1000 CNY during 2025-13", Reason.VALUE_MALFORMED),
        ("firm_facts.paid >= 1000 CNY during 9999", Reason.VALUE_OUT_OF_RANGE),
        ("firm_facts.listed equals yes", Reason.TYPE_WRONG),
        ("firm_facts.year equals 3.5", Reason.VALUE_MALFORMED),
        (as_json("grade", "like"), Reason.OPERATOR_UNSUPPORTED),
        (as_json("grade", "reveal", "A"), Reason.QUESTION_MALFORMED),
        (as_json("paid", "range", [1]), Reason.QUESTION_MALFORMED),
        (as_json("paid", ">="), Reason.TYPE_WRONG),
        (as_json("paid", ">=", True), Reason.TYPE_WRONG),
        (as_json("paid", ">=", 500_000), Reason.TYPE_WRONG),
        (as_json("paid", ">=", "500000 CNY"), Reason.VALUE_MALFORMED),
        (as_json("paid", ">=", "500000.00"), Reason.VALUE_MALFORMED),
        (as_json("paid", ">=", "-0"), Reason.VALUE_MALFORMED),
        (as_json("paid", ">=", "1e3"), Reason.VALUE_MALFORMED),
        (as_json("paid", ">=", "1", more=1), Reason.FIELD_UNKNOWN),
        ({"schema": "firm_facts"}, Reason.FIELD_MISSING),
        (5, Reason.TYPE_WRONG),
    ],
)
def test_what_is_no_question_is_refused_with_its_reason(question, reason):
    assert refused(Question.from_json, question, SCHEMAS) is reason


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("firm_facts.paid >= 1000 CNY", AtLeast(1)),
        ("firm_facts.paid < 2000 CNY", Below(2)),
        ("firm_facts.paid between 1000 CNY and 3000 CNY", Between(1, 3)),
        ("firm_facts.count equals -2", Between(1, 2)),
        ("firm_facts.last_month equals 2025-02", Between(3, 4)),
        ("firm_facts.last_month equals none", Below(1)),
        ("firm_facts.last_month > 2025-02", AtLeast(4)),
        ("firm_facts.last_month <= 2024-12", Below(2)),
        ("firm_facts.count > -2", AtLeast(2)),
        ("firm_facts.count > -3", AtLeast(1)),
        ("firm_facts.count <= 8", Below(12)),
        ("firm_facts.paid <= 999.99 CNY", Below(1)),
        ("firm_facts.paid > 1999.99 CNY", AtLeast(2)),
        ("firm_facts.grade in {A, D}", OneOf(frozenset({0, 4}))),
        ("firm_facts.grade not in {A, D}", NoneOf(frozenset({0, 4}))),
        ("firm_facts.grade equals M", OneOf(frozenset({2}))),
        ("firm_facts.year equals 2025", Equals(2025)),
        ("firm_facts.note reveal", Reveal()),
        ("firm_facts.grade reveal", Reveal()),
    ],
)
def test_a_question_is_lowered_to_its_statement(text, statement):
    question = Question.parse(text, SCHEMAS)
    assert lower(question, FACTS.field(question.field)) == statement


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("firm_facts.paid reveal", Reason.NOT_REVEALABLE),
        ("firm_facts.paid equals 1000 CNY", Reason.OFF_LADDER),
        ("firm_facts.paid > 1000 CNY", Reason.OFF_LADDER),
        ("firm_facts.paid <= 1000 CNY", Reason.OFF_LADDER),
        ("firm_facts.count equals 9", Reason.OFF_LADDER),
        ("firm_facts.count > 9", Reason.OFF_LADDER),
        ("firm_facts.count <= -4", Reason.OFF_LADDER),
        ("firm_facts.last_month > 2026-12", Reason.OFF_LADDER),
        ("firm_facts.year >= 2025", Reason.OPERATOR_UNSUPPORTED),
        ("firm_facts.last_month >= 2024-12", Reason.OFF_LADDER),
        ("firm_facts.last_month < 2027-01", Reason.OFF_LADDER),
    ],
)
def test_a_question_its_field_cannot_answer_is_refused_with_its_reason(text, reason):
    question = Question.parse(text, SCHEMAS)
    assert refused(lower, question, FACTS.field(question.field)) is reason


def test_a_date_on_a_ladder_of_months_cannot_be_asked_for_one_day():
    spec = {"name": "d", "type": "date", "mode": "ladder"}
    spec |= {"ladder": {"kind": "months", "from": "2025-01", "to": "2025-12"}}
    schema = Schema.from_json({"name": "s", "version": 1, "fields": [spec]})
    question = Question.parse("s.d equals 2025-03-01", {"s": schema})
    assert refused(lower, question, schema.fields[0]) is Reason.OFF_LADDER


@settings(deadline=None, max_examples=200)
@given(st.integers(1 - 2**53, 2**53 - 1), st.sampled_from(["paid", "year"]))
def test_operands_are_never_rounded(value, name):
    field = FACTS.field(name)
    assert parse_operand(field, field.text(value), text=True) == value


@pytest.mark.parametrize("text", ["9" * 40, str(2**53), str(-(2**53)), "90071992547409.92 CNY", "1" * 39 + " CNY"])
def test_f10_operands_that_no_answer_can_show_are_refused(text):
    field = FACTS.field("paid" if "CNY" in text else "year")
    assert refused(lambda: parse_operand(field, text, text=True)) in {
        Reason.VALUE_MALFORMED,
        Reason.VALUE_OUT_OF_RANGE,
    }


def test_a_question_may_be_4096_characters_long():
    text = "firm_facts.note equals " + "x" * 1024
    spaces = " " * (4096 - len(text))
    assert Question.parse(text + spaces, SCHEMAS) == Question.parse(text, SCHEMAS)
    assert refused(Question.parse, text + spaces + " ", SCHEMAS) is Reason.QUESTION_MALFORMED


@pytest.mark.parametrize(
    "text", ["firm_facts.last_month between 2025-02 and 2025-05", "firm_facts.count between -1 and 3"]
)
def test_a_range_has_its_two_ends_in_json(text):
    question = Question.parse(text, SCHEMAS)
    form = question.to_json(FACTS.field(question.field))
    assert form["operand"] == (["2025-02", "2025-05"] if "month" in text else [-1, 3])
    assert Question.from_json(form, SCHEMAS) == question


def test_money_percent_and_what_has_decimals_need_their_word_and_other_numbers_do_not():
    def read(text, **field):
        schema = Schema.from_json(
            {"name": "s", "version": 1, "fields": [{"name": "x", "type": "integer", "mode": "plain"} | field]}
        )
        question = Question.parse(f"s.x equals {text}", {"s": schema})
        return question.operand, question.text(schema.fields[0]).removeprefix("s.x equals ")

    assert read("12", unit="months") == read("12 months", unit="months") == (12, "12 months")
    assert read("-12.50 percent", unit="percent", scale=1) == read("-12.5%", unit="percent", scale=1)
    assert read("-12.5 %", unit="percent", scale=1) == (-125, "-12.5 percent")
    assert read("3.5 kWh", unit="kWh", scale=2) == (350, "3.5 kWh")
    assert read("0.000000001", scale=9) == (1, "0.000000001")
    assert read("7 JPY", currency="JPY") == (7, "7 JPY")
    for text, field in (
        ("12.5", {"unit": "percent", "scale": 1}),
        ("12", {"unit": "percent"}),
        ("3.5", {"unit": "kWh", "scale": 2}),
        ("7", {"currency": "JPY"}),
    ):
        assert refused(lambda text=text, field=field: read(text, **field)) is Reason.UNIT_MISSING
    for text in ("0.05 percent", "1.55 percent", "1 .5 percent", "1. percent", ".5 percent", "1,5 percent"):
        assert refused(lambda text=text: read(text, unit="percent", scale=1)) is Reason.VALUE_MALFORMED
