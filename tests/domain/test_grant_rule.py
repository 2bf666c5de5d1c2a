"""What is checked of a consent before anybody signs or records it, each rule by a case that breaks it alone."""

from dataclasses import replace

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.grant_rule import require_askable, require_parties
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.world import BANK, CONTROLLERS, NOW, REGISTRAR, SCHEMAS, TAX, asked

QUESTION = "firm_facts.grade in {A, B}"
OF_TAX = f"firm_facts[issuer={to_hex(TAX)}].grade in {{A, B}}"
BANKS = {BANK: "虚构银行"}
DEPARTMENTS = {TAX, REGISTRAR}


def test_what_can_be_granted_passes_and_its_questions_are_returned():
    one = asked(questions=(QUESTION, OF_TAX), departments=(TAX,))
    claims = require_askable(one, SCHEMAS, now=NOW)
    assert [claim.text(SCHEMAS) for claim in claims] == [QUESTION, OF_TAX]
    require_parties(one, claims, banks=BANKS, departments=DEPARTMENTS)
    require_parties(replace(one, departments=()), claims, banks=BANKS, departments=DEPARTMENTS)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"expires_at": NOW}, Reason.CONSENT_EXPIRED, "expires_at"),
        ({"questions": ("firm_facts.grade in {B, A}",)}, Reason.QUESTION_MALFORMED, "questions"),
        ({"questions": ("firm_facts.grade dances",)}, Reason.QUESTION_MALFORMED, None),
    ],
)
def test_what_is_over_or_cannot_be_asked_is_refused(changes, reason, field):
    with pytest.raises(InvalidInputError) as refusal:
        require_askable(asked(**changes), SCHEMAS, now=NOW)
    assert refusal.value.reason is reason
    assert field is None or refusal.value.field == field


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"grantee": TAX}, Reason.MEMBER_UNKNOWN, "grantee"),
        ({"grantee_name": "别的银行"}, Reason.MEMBER_UNKNOWN, "grantee"),
        ({"departments": (BANK,)}, Reason.MEMBER_UNKNOWN, "departments"),
        ({"questions": (OF_TAX.replace(to_hex(TAX), to_hex(BANK)),)}, Reason.MEMBER_UNKNOWN, "questions"),
        ({"questions": (OF_TAX,), "departments": (REGISTRAR,)}, Reason.CONSENT_OTHER_DEPARTMENT, "questions"),
    ],
)
def test_members_that_are_not_what_the_consent_says_are_refused(changes, reason, field):
    one = asked(**{"questions": (QUESTION,), **changes})
    claims = require_askable(one, SCHEMAS, now=NOW)
    with pytest.raises(InvalidInputError) as refusal:
        require_parties(one, claims, banks=BANKS, departments=DEPARTMENTS)
    assert (refusal.value.reason, refusal.value.field) == (reason, field)


def test_signers_are_enough_different_controllers_before_they_sign():
    first, second, _ = (each.key for each in CONTROLLERS.keys)
    CONTROLLERS.require_signers([first, second])
    for signers, reason in (
        ([first], Reason.THRESHOLD_NOT_MET),
        ([first, first], Reason.SIGNER_REPEATED),
        ([first, b"\x01" * 20], Reason.SIGNER_NOT_CONTROLLER),
    ):
        with pytest.raises(VerificationError) as refusal:
            CONTROLLERS.require_signers(signers)
        assert refusal.value.reason is reason
