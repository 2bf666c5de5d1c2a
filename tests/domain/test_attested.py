"""E1, as a rule of its own: which questions say by themselves which attestation they are about."""

import pytest

from ledger_node.domain.question import Question
from ledger_node.domain.selection import names_its_attestation
from tests.kit.world import FACTS, SCHEMAS, TAX, terms


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("firm_facts.paid >= 1000 CNY", False),
        ("firm_facts.paid >= 1000 CNY during 2025", True),
        ("firm_facts.paid >= 1000 CNY during 2025-03", True),
        ("firm_facts.grade in {A, B} during 2025-01-01:2025-06-30", True),
        ("firm_facts.last_month < as_of - 24 months", False),
    ],
)
def test_e1_a_question_names_its_attestation_by_its_period(text, named):
    assert names_its_attestation(Question.parse(text, SCHEMAS), FACTS, terms(departments=(TAX,))) is named


def test_e1_days_of_data_in_the_consent_name_no_attestation():
    question = Question.parse("firm_facts.paid >= 1000 CNY", SCHEMAS)
    assert not names_its_attestation(
        question, FACTS, terms(departments=(TAX,), data_from="2025-01-01", data_to="2025-12-31")
    )
