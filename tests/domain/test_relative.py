"""Moving thresholds (as_of - N months), ladders of days, and mirrored ladders."""

import pytest

from ledger_node.domain.commitment import Committer, FieldProof
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.question_part import MonthsBefore
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, lower, require_askable
from ledger_node.domain.value import Special, add_months, parse_date
from tests.kit.field import ladder_of
from tests.kit.world import yuan

SCHEMA = Schema.from_json(
    {
        "name": "demo",
        "version": 1,
        "fields": [
            {
                "name": "last_month",
                "type": "month",
                "mode": "ladder",
                "none_on_record": True,
                "ladder": {"kind": "months", "from": "2022-01", "to": "2026-12"},
            },
            {
                "name": "decided_on",
                "type": "date",
                "mode": "ladder",
                "none_on_record": True,
                "ladder": {"kind": "days", "from": "2024-01-01", "to": "2026-12-31"},
            },
            {
                "name": "profit",
                "type": "integer",
                "currency": "CNY",
                "scale": 2,
                "mode": "ladder",
                "ladder": {"kind": "one_digit", "from": "1", "to": "900", "mirrored": True},
            },
            {"name": "amount", "type": "integer", "mode": "plain"},
        ],
    }
)
SCHEMAS = {"demo": SCHEMA}
AS_OF = parse_date("2026-03-31", "as_of")
SEED = bytes(range(32))


def outcome(text, **values):
    raw = {"last_month": "none", "decided_on": "none", "profit": "0", "amount": 1, **values}
    parsed = SCHEMA.parse_values(raw)
    question = Question.parse(text, SCHEMAS)
    field = SCHEMA.field(question.field)
    statement = lower(question, field, as_of=AS_OF)
    committer = Committer(SCHEMA)
    proof = Prover(committer, SEED, parsed).prove(field, statement, may_disclose=False)
    assert isinstance(proof, FieldProof)
    return check_proof(SCHEMA, committer.commit(SEED, parsed).root, field, statement, proof)


@pytest.mark.parametrize(
    ("last", "expected"),
    [("none", Outcome.HOLDS), ("2024-02", Outcome.HOLDS), ("2024-03", Outcome.DOES_NOT_HOLD)],
)
def test_a_moving_threshold_of_months_is_the_month_so_long_before_the_data(last, expected):
    assert outcome("demo.last_month < as_of - 24 months", last_month=last) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-02-27", Outcome.HOLDS), ("2026-02-28", Outcome.DOES_NOT_HOLD), ("none", Outcome.HOLDS)],
)
def test_a_moving_threshold_of_days_ends_with_its_month(day, expected):
    # one month before the 31st of March is the 28th of February
    assert outcome("demo.decided_on < as_of - 1 months", decided_on=day) is expected


def test_a_moving_threshold_reads_back_from_text_and_from_json():
    question = Question.parse("demo.last_month >= as_of  -  6 months during 2025", SCHEMAS)
    field = SCHEMA.field("last_month")
    assert question.text(field) == "demo.last_month >= as_of - 6 months during 2025"
    assert Question.parse(question.text(field), SCHEMAS) == question
    assert Question.from_json(question.to_json(field), SCHEMAS) == question
    assert question.to_json(field)["operand"] == {"as_of_minus_months": 6}


@pytest.mark.parametrize("months", [0, 1200])
def test_a_moving_threshold_goes_back_up_to_a_hundred_years(months):
    question = Question.parse(f"demo.decided_on < as_of - {months} months", SCHEMAS)
    assert question.operand == MonthsBefore(months)
    assert Question.from_json(question.to_json(SCHEMA.field("decided_on")), SCHEMAS) == question


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("demo.profit >= as_of - 6 months", Reason.OPERATOR_UNSUPPORTED),
        ("demo.amount >= as_of - 6 months", Reason.OPERATOR_UNSUPPORTED),
        ("demo.last_month < as_of + 6 months", Reason.QUESTION_MALFORMED),
        ("demo.last_month < as_of - 6 years", Reason.QUESTION_MALFORMED),
        ("demo.last_month < as_of - 1201 months", Reason.VALUE_OUT_OF_RANGE),
    ],
)
def test_a_moving_threshold_that_makes_no_sense_is_refused(text, reason):
    with pytest.raises(InvalidInputError) as refused:
        Question.parse(text, SCHEMAS)
    assert refused.value.reason is reason


def test_a_moving_threshold_can_be_asked_before_the_data_is_known_and_may_then_lie_off_the_ladder():
    question = Question.parse("demo.last_month < as_of - 600 months", SCHEMAS)
    field = SCHEMA.field("last_month")
    require_askable(question, field)
    with pytest.raises(InvalidInputError) as refused:
        lower(question, field, as_of=AS_OF)
    assert refused.value.reason is Reason.OFF_LADDER


def test_f10_a_moving_threshold_that_lies_below_the_ladder_even_today_cannot_be_asked():
    field = SCHEMA.field("last_month")
    first = field.require_ladder().points[0]
    question = Question.parse("demo.last_month < as_of - 24 months", SCHEMAS)
    reached = add_months(first, 24)
    require_askable(question, field, today=reached)
    # above the ladder it is for data of today, and on it for older data
    require_askable(question, field, today=reached + 366 * 200)
    with pytest.raises(InvalidInputError) as refused:
        require_askable(question, field, today=reached - 1)
    assert refused.value.reason is Reason.OFF_LADDER


def test_above_a_moving_threshold_is_from_the_month_after_it_on():
    field, today = SCHEMA.field("last_month"), parse_date("2023-12-31", "today")
    question = Question.parse("demo.last_month > as_of - 24 months", SCHEMAS)
    # 2021-12 lies below the ladder, and the month after it is its first one
    require_askable(question, field, today=today)
    assert lower(question, field, as_of=today) == AtLeast(2)
    with pytest.raises(InvalidInputError) as refused:
        require_askable(question, field, today=parse_date("2023-11-30", "today"))
    assert refused.value.reason is Reason.OFF_LADDER
    assert outcome("demo.last_month <= as_of - 24 months", last_month="2024-03") is Outcome.HOLDS
    assert outcome("demo.last_month <= as_of - 24 months", last_month="2024-04") is Outcome.DOES_NOT_HOLD
    assert outcome("demo.last_month <= as_of - 24 months") is Outcome.HOLDS


@pytest.mark.parametrize("profit", [-90001, -90000, -150, -100, -99, 0, 1, 99, 100, 5000, 90000])
@pytest.mark.parametrize("threshold", [-900, -1, 0, 1, 900])
def test_a_mirrored_ladder_answers_negative_thresholds(profit, threshold):
    expected = Outcome.HOLDS if profit >= threshold * 100 else Outcome.DOES_NOT_HOLD
    assert outcome(f"demo.profit >= {threshold} CNY", profit=yuan(profit)) is expected


def test_a_mirrored_ladder_holds_the_negatives_and_zero():
    ladder = ladder_of({"kind": "one_digit", "from": 10, "to": 30, "mirrored": True})
    assert tuple(ladder.thresholds) == (-30, -20, -10, 0, 10, 20, 30)


def test_one_exact_day_can_be_asked_on_a_ladder_of_days():
    assert outcome("demo.decided_on equals 2025-05-05", decided_on="2025-05-05") is Outcome.HOLDS
    assert outcome("demo.decided_on equals 2025-05-05", decided_on="2025-05-06") is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("kind", "ladder"),
    [
        ("integer", {"kind": "months", "from": "2024-01", "to": "2024-02"}),
        ("month", {"kind": "days", "from": "2024-01-01", "to": "2024-01-02"}),
        ("date", {"kind": "integers", "from": 1, "to": 2}),
        ("text", {"kind": "integers", "from": 1, "to": 2}),
        ("date", {"kind": "days", "from": "1800-01-01", "to": "2024-01-02"}),
    ],
)
def test_a_ladder_that_does_not_fit_its_field_is_refused(kind, ladder):
    field = {"name": "x", "type": kind, "mode": "ladder", "ladder": ladder}
    with pytest.raises(InvalidInputError) as refused:
        Schema.from_json({"name": "demo", "version": 1, "fields": [field]})
    assert refused.value.reason is Reason.SCHEMA_INVALID


def test_none_on_record_is_below_every_day():
    ladder = SCHEMA.field("decided_on").require_ladder()
    assert ladder.idx(Special.NONE_ON_RECORD) == 0


def test_a_fixed_threshold_off_the_ladder_cannot_be_asked_at_all():
    question = Question.parse("demo.profit >= 1.50 CNY", SCHEMAS)
    with pytest.raises(InvalidInputError) as refused:
        require_askable(question, SCHEMA.field("profit"))
    assert refused.value.reason is Reason.OFF_LADDER
