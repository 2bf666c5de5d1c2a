"""What the request builder offers: only what a purpose and a ladder allow, and all of it can be asked."""

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.catalogue.question_choice import (
    MAX_LISTED_STEPS,
    FieldChoice,
    OperandKind,
    QuestionInput,
    choice_named,
    combine,
    ends_of,
    field_choices,
    make_claim,
    nearest_steps,
    operand_kind,
    operators_of,
    step_text,
    steps_of,
    takes_moving_threshold,
    typed_value,
)
from ledger_node.domain.question import Op
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.value import Special, parse_date
from tests.kit.small_instance import refused

TODAY = parse_date("2026-11-30", "today")
LOAN = default_purposes().named("loan_application")
SUBSIDY = default_purposes().named("subsidy_or_tender")


def field(name):
    schema, _, of = name.partition(".")
    return schemas()[schema].field(of)


def ask(name, op, **chosen):
    choice = choice_named(LOAN, schemas(), name)
    return make_claim(choice, QuestionInput(op=op, **chosen), schemas(), today=TODAY).text(schemas())


def every_choice():
    return [(choice, op) for choice in field_choices(LOAN, schemas()) for op in choice.operators]


def test_a_purpose_offers_its_topics_and_nothing_else():
    names = [choice.name for choice in field_choices(LOAN, schemas())]
    assert "tax_payment.paid_amount" in names
    assert "tax_payment.tax_kind" not in names
    assert not any(name.startswith("subject_registration") for name in names)
    of_tax = [choice.name for choice in field_choices(SUBSIDY, schemas()) if choice.name.startswith("tax_payment")]
    assert of_tax == ["tax_payment.months_paid_on_time_12m"]
    assert refused(choice_named, SUBSIDY, schemas(), "tax_payment.paid_amount") is Reason.PURPOSE_CEILING


@pytest.mark.parametrize(("choice", "op"), every_choice(), ids=lambda one: getattr(one, "name", str(one)))
def test_every_step_that_is_offered_can_be_asked(choice, op):
    assert isinstance(choice, FieldChoice)
    match operand_kind(choice.field, op):
        case OperandKind.STEP:
            for step in steps_of(choice.field, op):
                ask(choice.name, op, steps=[step_text(choice.field, step)])
        case OperandKind.STEPS:
            low, high, *_ = (step_text(choice.field, step) for step in steps_of(choice.field, op))
            assert ask(choice.name, op, steps=[low, high])
        case OperandKind.MEMBERS:
            assert ask(choice.name, op, members=choice.field.members[:2])
        case OperandKind.END:
            assert ask(choice.name, op, value=ends_of(choice.field)[0].value)
        case OperandKind.NOTHING:
            assert ask(choice.name, op)
        case OperandKind.VALUE:
            assert operators_of(choice.field) == (Op.EQUALS, Op.REVEAL)


def test_a_threshold_that_is_no_step_is_refused_and_the_nearest_steps_are_offered():
    call = (ask, "tax_payment.paid_amount", Op.AT_LEAST)
    assert refused(*call, steps=["450000"]) is Reason.OFF_LADDER
    near = nearest_steps(field("tax_payment.paid_amount"), Op.AT_LEAST, "45万")
    assert [step // 100 for step in near] == [200_000, 300_000, 400_000, 500_000, 600_000]
    assert nearest_steps(field("tax_payment.paid_amount"), Op.AT_LEAST, "1")[0] == 100_000
    assert nearest_steps(field("tax_payment.paid_amount"), Op.AT_LEAST, "999999999999")[-1] == 100_000_000_000


def test_a_step_of_more_than_and_at_most_lies_before_the_ladders_own():
    count = field("penalty_summary.count_24m")
    assert steps_of(count, Op.AT_MOST)[:2] == (0, 1)
    assert steps_of(count, Op.BELOW)[:2] == (1, 2)
    assert ask("penalty_summary.count_24m", Op.AT_MOST, steps=["0"]) == "penalty_summary.count_24m <= 0"


def test_a_long_ladder_is_not_listed_whole():
    days = {"kind": "days", "from": "2020-01-01", "to": "2030-12-31"}
    spec = {"name": "x", "version": 1, "fields": [{"name": "d", "type": "date", "mode": "ladder", "ladder": days}]}
    day = Schema.from_json(spec).field("d")
    assert len(day.ladder.points) > MAX_LISTED_STEPS
    assert steps_of(day, Op.AT_LEAST) is None
    assert [step_text(day, step) for step in nearest_steps(day, Op.AT_LEAST, "2026-11-30")] == [
        "2026-11-28",
        "2026-11-29",
        "2026-11-30",
        "2026-12-01",
        "2026-12-02",
    ]


@pytest.mark.parametrize("typed", ["500000", "500,000", "500，000", "50万", "50 万元", "500000 CNY", "500000.00"])
def test_an_amount_is_read_as_people_type_it(typed):
    assert typed_value(field("tax_payment.paid_amount"), typed) == 50_000_000


@pytest.mark.parametrize("typed", ["", "many", "1.234", "5e5", "万", "0x10"])
def test_what_is_no_number_is_refused(typed):
    assert refused(typed_value, field("tax_payment.paid_amount"), typed) is Reason.VALUE_MALFORMED


def test_times_take_a_moving_threshold():
    month = field("penalty_summary.last_serious_month")
    assert takes_moving_threshold(month)
    assert not takes_moving_threshold(field("penalty_summary.count_24m"))
    text = ask("penalty_summary.last_serious_month", Op.BELOW, months=24)
    assert text == "penalty_summary.last_serious_month < as_of - 24 months"
    assert ends_of(month) == (Special.NONE_ON_RECORD,)


def test_a_question_names_period_kind_and_department():
    text = ask(
        "tax_payment.paid_amount", Op.AT_LEAST, steps=["500000"], period="2025", per=["total"], issuer=b"\x01" * 32
    )
    assert text.startswith("tax_payment[tax_kind=total, issuer=0x0101")
    assert text.endswith(".paid_amount >= 500000 CNY during 2025")


def test_what_lacks_its_operand_is_refused():
    assert refused(ask, "tax_payment.paid_amount", Op.AT_LEAST) is Reason.FIELD_MISSING
    assert refused(ask, "tax_payment.paid_amount", Op.RANGE, steps=["1000"]) is Reason.FIELD_MISSING
    assert refused(ask, "tax_credit_rating.grade", Op.IN) is Reason.SET_EMPTY
    assert refused(ask, "tax_credit_rating.rated_on", Op.EQUALS) is Reason.FIELD_MISSING
    assert refused(ask, "tax_credit_rating.grade", Op.AT_LEAST) is Reason.OPERATOR_UNSUPPORTED


def test_questions_are_combined_once_and_not_twice():
    one = ask("tax_payment.paid_amount", Op.AT_LEAST, steps=["500000"], period="2025")
    two = ask("tax_credit_rating.grade", Op.IN, members=["A", "B"])
    both = combine(1, [one, two], schemas())
    assert both.is_combined
    assert both.text(schemas()).startswith("any(")
    assert refused(combine, 1, [both.text(schemas()), one], schemas()) is Reason.QUESTION_MALFORMED
    assert refused(combine, 3, [one, two], schemas()) is Reason.VALUE_OUT_OF_RANGE
