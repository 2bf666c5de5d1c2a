"""Requests for consent: a bank asks for itself, the firm grants or refuses, once."""

from dataclasses import replace

import pytest

from api.services.consent.request import ConsentRequestService
from ledger_node.domain.consent import RequestState
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import ANSWER_KEY, BANK, STRANGER, Silence, refused


@pytest.fixture
def requests(instance):
    assert type(instance.requests) is ConsentRequestService
    return instance.requests


@pytest.fixture
def asked(instance, firm):
    return instance.asked(firm)


@pytest.fixture
def held(instance, requests, asked):
    return requests.ask(asked, ANSWER_KEY, bank=BANK, now=instance.now())


def request_id(instance, asked):
    return asked.digest(address_of(ANSWER_KEY), instance.ledger.consent_domain)


def state(instance, held):
    return instance.requests.show([held])[0]["state"]


def test_a_request_is_open_until_it_is_answered(instance, firm, requests, asked, held):
    assert (held.id, held.asked, held.answer_key) == (request_id(instance, asked), asked, address_of(ANSWER_KEY))
    assert ANSWER_KEY not in held.sealed_key
    assert state(instance, held) == "open"
    assert requests.of_subject(firm.subject) == requests.of_grantee(BANK) == [held]
    assert requests.ask(asked, ANSWER_KEY, bank=BANK, now=instance.now()) == held
    terms = instance.accept(asked)
    signatures = firm.sign(instance.id_of(terms))
    granted = instance.consents.grant(terms, signatures, now=instance.now(), request=held.id)
    assert (state(instance, held), granted.request) == ("granted", held.id)
    signed = instance.signed_refusal(firm, held.id)
    assert refused(requests.refuse, held.id, signed) is Reason.REQUEST_ANSWERED


def test_a_request_that_was_refused_is_granted_no_more(instance, firm, requests, asked, held):
    requests.refuse(held.id, instance.signed_refusal(firm, held.id))
    assert state(instance, held) == "refused"
    terms = instance.accept(asked)
    consent = instance.id_of(terms)
    call = (instance.consents.grant, terms, firm.sign(consent))
    assert refused(*call, now=instance.now(), request=held.id) is Reason.REQUEST_ANSWERED
    assert instance.consents.find(consent).refusal is Reason.REQUEST_ANSWERED


def test_a_bank_asks_for_itself_and_of_firms_that_are_registered(instance, firm, requests, asked):
    now = instance.now()
    assert refused(requests.ask, asked, ANSWER_KEY, bank=STRANGER, now=now) is Reason.REQUEST_INVALID
    nobody = instance.asked(firm, subject=random_bytes(32))
    assert refused(requests.ask, nobody, ANSWER_KEY, bank=BANK, now=now) is Reason.SUBJECT_UNKNOWN
    over = instance.asked(firm, expires_at=now)
    assert refused(requests.ask, over, ANSWER_KEY, bank=BANK, now=now) is Reason.CONSENT_EXPIRED
    assert requests.of_grantee(BANK) == []


@pytest.mark.parametrize("lands", [True, False])
def test_a_request_whose_answer_is_lost_is_finished(instance, requests, asked, lands):
    with Silence(instance.ledger, "request_consent", lands=lands):
        assert refused(requests.ask, asked, ANSWER_KEY, bank=BANK, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    request = request_id(instance, asked)
    assert requests.waiting() == [request]
    requests.resume(request)
    assert requests.waiting() == []
    assert instance.ledger.request_states([request]) == [RequestState.OPEN]


def test_who_is_no_party_hears_the_same_of_what_is_there_and_what_is_not(instance, requests, held, firm):
    other = instance.new_firm()
    for request in (held.id, random_bytes(32)):
        signed = instance.signed_refusal(other, request)
        assert refused(requests.refuse, request, signed, asker=STRANGER) is Reason.REQUEST_UNKNOWN
    signed = instance.signed_refusal(other, held.id)
    assert refused(requests.refuse, held.id, signed, asker=firm.subject) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(requests.find, random_bytes(32)) is Reason.REQUEST_UNKNOWN


def test_a_request_of_another_bank_or_firm_is_not_answered_with_a_consent(instance, held):
    other = instance.new_firm()
    terms = instance.consent(other)
    call = (instance.consents.grant, terms, other.sign(instance.id_of(terms)))
    assert refused(*call, now=instance.now(), request=held.id) is Reason.REQUEST_UNKNOWN


def test_a_consent_that_the_bank_cannot_spend_does_not_answer_its_request(instance, firm, held):
    granted = instance.accept(replace(held.asked, spend_key=b"x" * 20))
    call = (instance.consents.grant, granted, firm.sign(instance.id_of(granted)))
    assert refused(*call, now=instance.now(), request=held.id) is Reason.REQUEST_INVALID
