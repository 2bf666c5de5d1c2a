"""Models refuse what the strict reader refuses, for the same reasons; the check of answers notices any difference."""

import json

import pytest
from pydantic import ValidationError

from api.http.model.consent import Consent, Withdrawal
from api.http.model.problem import Problem
from api.http.model.reference import Me
from api.http.model.sign_in import SignInKeySet
from api.http.model.verification import VerificationRequest
from api.http.request.body import refusal_of_body
from tests.kit.answer_model import differences

ID = "0x" + "ab" * 32
GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
USE = {
    "number": 1,
    "answered_by": ID,
    "not_after": 1795000600,
    "nonce": ID,
    "seed": ID,
    "signature": "0x" + "66" * 64 + "1b",
}
ASKED = {"consent": ID, "claims": [GOOD], "use": USE}
ME = {"kind": "bank", "id": ID, "label": "Demo bank"}


def refused(model, body):
    """Return the reason and the field of the refusal of a body."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(body)
    refusal = refusal_of_body([{**each, "loc": ("body", *each["loc"])} for each in error.value.errors()])
    return refusal.reason, refusal.field


@pytest.mark.parametrize(
    ("model", "body", "reason", "field"),
    [
        # of several faults the first one in the order of members is told, and unknown members last
        (VerificationRequest, {}, "field_missing", "consent"),
        (VerificationRequest, {"consent": 5, "more": 1}, "type_wrong", "consent"),
        (VerificationRequest, {"claims": 5}, "field_missing", "consent"),
        (VerificationRequest, ASKED | {"b": 1, "a": 1}, "field_unknown", "a"),
        (VerificationRequest, {"consent": ID, "claims": ["?"]}, "question_malformed", "question"),
        (VerificationRequest, {"consent": ID, "claims": [GOOD] * 65}, "too_large", "claims"),
        (VerificationRequest, {"consent": ID, "claims": [GOOD], "use": 5}, "type_wrong", "use"),
        (VerificationRequest, ASKED | {"use": USE | {"number": 0}}, "value_out_of_range", "number"),
        (VerificationRequest, ASKED | {"use": USE | {"more": 1}}, "field_unknown", "more"),
        (VerificationRequest, ASKED | {"policy": []}, "type_wrong", "policy"),
        (VerificationRequest, ASKED | {"policy": {"x": 1}}, "field_unknown", "x"),
        (VerificationRequest, ASKED | {"operator": "\n"}, "value_malformed", "operator"),
        (Withdrawal, {}, "field_missing", "signatures"),
        (Withdrawal, {"secret": None}, "field_missing", "signatures"),
        (Withdrawal, {"signatures": None}, "type_wrong", "signatures"),
        (Withdrawal, {"secret": ID, "signatures": ["x"]}, "field_unknown", "signatures"),
        (Withdrawal, {"secret": "x", "signatures": ["x"]}, "value_malformed", "secret"),
        (SignInKeySet, {"client": ID, "number": 1, "keys": [{}], "signatures": []}, "value_malformed", None),
        (SignInKeySet, {"client": ID, "number": 0, "keys": []}, "value_out_of_range", "number"),
    ],
)
def test_a_body_is_refused_as_the_strict_reader_refuses_it(model, body, reason, field):
    assert refused(model, body) == (reason, field)


def test_members_that_may_be_left_out_may_be_null():
    wanted = VerificationRequest.model_validate(ASKED | {"purpose": None, "policy": None})
    assert (wanted.consent, wanted.purpose, wanted.operator, wanted.policy) == (bytes.fromhex(ID[2:]), None, None, None)


def test_a_member_more_or_less_or_of_another_type_is_noticed_in_an_answer():
    assert differences(Me, json.dumps(ME)) == []
    for changed in ({**ME, "more": 1}, {"kind": "bank", "id": ID}, {**ME, "label": 5}, {**ME, "kind": "nobody"}):
        assert differences(Me, json.dumps(changed)) != []
    problem = {"type": "/problems/x", "title": "x", "status": 422, "detail": "x", "reason": "off_ladder"}
    assert differences(Problem, json.dumps(problem)) == []
    assert differences(Problem, json.dumps({**problem, "field": "x"})) == []
    # pydantic would take the first for a number and the second for a text
    assert differences(Problem, json.dumps({**problem, "status": "422"})) != []
    assert differences(Problem, json.dumps({**problem, "field": None})) != []


def test_terms_in_an_answer_are_read_by_the_domain():
    (error, *_) = differences(Consent, json.dumps({"id": ID, "terms": {"version": 1}}))
    assert error == ("refused", ("terms",))
