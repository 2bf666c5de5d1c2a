"""The purposes that a consortium begins with: their ceilings are those of the catalogue, and about what there is."""

import pytest

from api.catalogue.datatype import DEPARTMENT_TYPES, schemas
from api.catalogue.purpose import default_purposes
from ledger_node.domain.claim import Claim

CEILINGS = {
    "loan_application": (31, 3, None, 31),
    "post_loan_monitoring": (36 * 31, 36, 1, 92),
    "guarantee": (92, 3, None, 31),
    "subsidy_or_tender": (31, 1, None, 31),
}


def test_the_ceilings_are_those_of_the_catalogue():
    assert {
        purpose.code: (purpose.max_days, purpose.max_uses, purpose.max_uses_a_month, purpose.max_retention_days)
        for purpose in default_purposes().listed
    } == CEILINGS


@pytest.mark.parametrize("purpose", default_purposes().listed, ids=lambda purpose: purpose.code)
def test_every_topic_is_a_type_that_departments_attest_to_or_a_field_of_one(purpose):
    for topic in purpose.topics:
        schema, _, field = topic.partition(".")
        assert schema in DEPARTMENT_TYPES
        assert not field or schemas()[schema].field(field)


@pytest.mark.parametrize("purpose", default_purposes().listed, ids=lambda purpose: purpose.code)
def test_what_is_usual_may_be_asked(purpose):
    for topic in purpose.usual:
        assert topic in purpose.topics or topic.partition(".")[0] in purpose.topics
        schema, _, field = topic.partition(".")
        assert not field or schemas()[schema].field(field)


def test_a_question_beyond_the_usual_ones_is_known():
    loan, tender = (default_purposes().named(code) for code in ("loan_application", "subsidy_or_tender"))
    usual, other = (
        Claim.parse(text, schemas())
        for text in (
            "tax_payment.paid_amount >= 1000 CNY during 2025",
            "tax_payment.sales_income >= 1000 CNY during 2025",
        )
    )
    assert (loan.is_usual(usual), loan.is_usual(other)) == (True, False)
    # where the consortium says nothing, nothing is marked
    assert tender.is_usual(other)


def test_every_type_can_be_asked_about_for_some_purpose():
    topics = {topic.partition(".")[0] for purpose in default_purposes().listed for topic in purpose.topics}
    assert topics == set(DEPARTMENT_TYPES)
