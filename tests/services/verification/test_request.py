"""What a consent allows of a request, and what has to be found for it."""

from dataclasses import replace

import pytest

from api.services.attestation.stored_attestation import AttestationQuery
from api.services.verification.request import VerificationRequest, attestation_queries, check_consent
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, REGISTRAR, STRANGER, TAX, one_form

OTHER = one_form("penalty_summary.count_24m < 1")


def results(request):
    return [(one.verdict.value, one.reason) for one in request.outcome.results]


def test_a_claim_that_the_consent_lists_goes_on(instance, firm, asked):
    request = check_consent(asked(instance.grant(firm), GOOD))
    assert type(request) is VerificationRequest
    assert (request.outcome, list(request.unconsented)) == (None, [None])


@pytest.mark.parametrize("who", ["nobody", "another bank"])
def test_a_consent_of_others_is_one_that_is_not_there(instance, firm, asked, who):
    request = asked(random_bytes(32), GOOD) if who == "nobody" else asked(instance.grant(firm), GOOD, bank=STRANGER)
    assert results(check_consent(request)) == [("cannot_tell", Reason.CONSENT_UNKNOWN)]


def test_a_consent_is_good_for_its_purpose(instance, firm, asked):
    consent = instance.grant(firm)
    assert check_consent(asked(consent, GOOD, purpose="loan_application")).outcome is None
    refused = check_consent(asked(consent, GOOD, OTHER, purpose="guarantee"))
    assert results(refused) == [("cannot_tell", Reason.CONSENT_OTHER_PURPOSE)] * 2


def test_a_consent_that_was_refused_here_allows_nothing(instance, firm, asked):
    request = asked(instance.grant(firm), GOOD)
    request = replace(request, consent=replace(request.consent, refusal=Reason.CONSENT_TERMS_DIFFER))
    assert results(check_consent(request)) == [("cannot_tell", Reason.CONSENT_TERMS_DIFFER)]


def test_what_is_not_listed_is_answered_alone(instance, firm, asked):
    consent = instance.grant(firm)
    unlisted = ("cannot_tell", Reason.QUESTION_NOT_CONSENTED)
    assert results(check_consent(asked(consent, OTHER))) == [unlisted]
    both = check_consent(asked(consent, GOOD, OTHER))
    assert both.outcome is None
    assert [one and one.reason for one in both.unconsented] == [None, Reason.QUESTION_NOT_CONSENTED]


def test_only_what_is_consented_is_looked_for(instance, firm, asked, selector):
    request = check_consent(asked(instance.grant(firm), GOOD, OTHER))
    ((question, query),) = attestation_queries(request, selector.attesters()).items()
    assert (question.schema, query.schema, query.among) == ("tax_payment", "tax_payment", frozenset({TAX}))
    assert (type(query), query.absent) == (AttestationQuery, Reason.NO_ATTESTATION)


def test_a_department_that_the_consent_does_not_cover_is_not_looked_at(instance, firm, asked, selector):
    consent = instance.grant(firm, departments=(REGISTRAR,))
    (query,) = attestation_queries(check_consent(asked(consent, GOOD)), selector.attesters()).values()
    assert query.absent is Reason.CONSENT_OTHER_DEPARTMENT


def test_the_log_has_a_row_for_each_claim_and_says_no_purpose_to_strangers(instance, firm, asked):
    consent = instance.grant(firm)
    for bank, purpose in ((BANK, "loan_application"), (STRANGER, None)):
        entry = asked(consent, GOOD, OTHER, bank=bank).refused(Reason.CONSENT_WITHDRAWN).access_entry()
        assert [(one.subject, one.row.bank, one.row.purpose) for one in entry.rows] == [
            (firm.subject, bank, purpose)
        ] * 2
        assert [one.row.reason for one in entry.rows] == [Reason.CONSENT_WITHDRAWN] * 2
    failed = asked(consent, GOOD).with_outcome(ValueError("odd")).access_entry()
    assert [one.row.reason for one in failed.rows] == [Reason.INTERNAL]
