"""F4: where several departments may attest to one type, a question or its consent names one."""

import pytest

from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.selection import departments_meant
from tests.kit.kind import answered, schemas, verdict
from tests.kit.world import REGISTRAR, TAX, h, terms

KNOWN = schemas()
COURT = h("court")
ANY = Question.parse("levy.count < 3", KNOWN)
OF_TAX = Question.parse(f"levy[issuer={to_hex(TAX)}].count < 3", KNOWN)


@pytest.mark.parametrize(
    ("question", "listed", "may_attest", "meant"),
    [
        (ANY, (), {TAX}, {TAX}),
        (ANY, (TAX,), {TAX, COURT}, {TAX}),
        (ANY, (TAX, REGISTRAR), {TAX, COURT}, {TAX}),
        (ANY, (), set(), set()),
        (ANY, (TAX,), set(), {TAX}),
        (ANY, (TAX,), {COURT}, {TAX}),
        (OF_TAX, (), {TAX, COURT}, {TAX}),
        (OF_TAX, (COURT,), {COURT}, {TAX}),
    ],
)
def test_f4_a_question_is_answered_from_the_department_that_is_named_or_the_only_one(
    question, listed, may_attest, meant
):
    assert departments_meant(question, terms(departments=listed), may_attest) == meant


@pytest.mark.parametrize("listed", [(), (TAX, COURT), (TAX, COURT, REGISTRAR)])
def test_f4_of_several_departments_none_is_taken_for_another(listed):
    with pytest.raises(VerificationError) as failed:
        departments_meant(ANY, terms(departments=listed), {TAX, COURT})
    assert failed.value.reason is Reason.DEPARTMENT_NOT_NAMED


def test_f4_an_attestation_of_another_department_than_the_named_one_answers_nothing():
    text = f"levy[issuer={to_hex(TAX)}].count >= 4"
    world, known = answered(text)
    assert verdict(world, known).outcome is Outcome.HOLDS
    world, known = answered(text.replace(to_hex(TAX), to_hex(REGISTRAR)))
    with pytest.raises(VerificationError) as failed:
        verdict(world, known)
    assert failed.value.reason is Reason.DEPARTMENT_MISMATCH
