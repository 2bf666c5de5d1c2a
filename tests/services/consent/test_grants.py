"""Granting: stored first, recorded then, and closed for good where it never will be."""

from dataclasses import replace

import pytest

from api.services.consent.grant import ConsentGrants
from ledger_node.domain.consent_order import AnswerOrder
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import ANSWER_KEY, BANK, Silence, refused


@pytest.fixture
def grants(instance):
    parts = (instance.store, instance.ledger, instance.subjects, instance.history)
    return ConsentGrants(*parts, instance.consents.rules, instance.consent_keys)


@pytest.fixture
def waiting(instance, firm, grants):
    """A grant that is stored, and that the ledger did not get."""
    terms = instance.consent(firm)
    consent = instance.id_of(terms)
    with Silence(instance.ledger, "grant"):
        assert refused(grants.grant, terms, firm.sign(consent), now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    return instance.consents.stored(consent)


def test_a_grant_that_was_recorded_is_known_to_be(instance, grants, waiting):
    grants.record(waiting, None)
    assert instance.consents.stored(waiting.shown.id).on_ledger
    # its own earlier try, or the same terms that somebody relayed
    grants.record(waiting, None)


def test_the_same_terms_granted_before_these_controllers_are_refused(instance, firm, grants, waiting):
    instance.other.grant(instance.grant_order(waiting.shown.consent, firm))
    since = instance.ledger.head().time + 1
    assert refused(grants.record, waiting, since) is Reason.CONTROLLERS_MISMATCH
    assert instance.consents.stored(waiting.shown.id).refusal is Reason.CONTROLLERS_MISMATCH


def test_k3_an_answer_to_a_request_that_others_answered_is_refused(instance, firm, grants, waiting):
    asked = instance.ask(firm)
    instance.other.refuse_consent(AnswerOrder.sign(asked.asked, ANSWER_KEY, instance.ledger.consent_domain))
    assert refused(grants.record, replace(waiting, request=asked.id), None) is Reason.REQUEST_ANSWERED
    assert instance.consents.stored(waiting.shown.id).refusal is Reason.REQUEST_ANSWERED


def test_a_refusal_is_told_once_and_stays(instance, firm, grants, waiting):
    for reason in (Reason.CONSENT_EXPIRED, Reason.CONTROLLERS_CHANGED):
        grants.refuse(waiting, reason)
    assert instance.consents.stored(waiting.shown.id).refusal is Reason.CONSENT_EXPIRED
    for party in (firm.subject, BANK):
        assert [data["reason"] for _, data in instance.told(party)] == ["consent_expired"]
