"""What the answers would be: as a bank would get them, with no use, and only after a signed look."""

import pytest

from api.services.record.look import OwnLooks
from api.services.self_answer.self_answer import SelfAnswers
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from tests.kit.small_instance import DAY, GOOD, REGISTRAR, RELAYER, key_of, one_form, refused

MORE = one_form("tax_payment.paid_amount >= 2000 CNY during 2025")
OTHER_YEAR = one_form("tax_payment.paid_amount >= 1000 CNY during 2024")


@pytest.fixture
def looks(instance):
    return OwnLooks(instance.store, instance.history, instance.departments[REGISTRAR].kek.keyed_digest)


@pytest.fixture
def own(instance, looks):
    finder = AttestationFinder(instance.store, instance.keys, instance.departments, instance.ledger.anchor_domain)
    selector = FactSelector(instance.ledger, (RELAYER, address_of(key_of(RELAYER))))
    return SelfAnswers(instance.ledger, instance.requests, instance.subjects, finder, selector, looks)


@pytest.fixture
def answers(instance, own):
    def call(firm, request):
        begun = own.begin(firm.subject, request, now=instance.now())
        signature = sign(begun.challenge, firm.keys[0])
        found = own.answers(firm.subject, request, begun.nonce, signature, now=instance.now())
        return [(one.verdict, one.reason) for one in found]

    return call


def test_the_answers_are_those_that_a_bank_would_get(instance, firm, looks, answers):
    instance.attest(firm.code)
    request = instance.ask(firm, GOOD, MORE, OTHER_YEAR).id
    assert answers(firm, request) == [
        (Outcome.HOLDS, None),
        (Outcome.DOES_NOT_HOLD, None),
        (Outcome.CANNOT_TELL, Reason.NO_ATTESTATION),
    ]
    (look,) = looks.of_subject(firm.subject)
    assert (look.kind, look.about) == (LookKind.ANSWERS, request)


def test_no_use_is_counted_and_nobody_is_told(instance, firm, answers):
    instance.attest(firm.code)
    consent = instance.grant(firm)
    request = instance.ask(firm, GOOD).id
    told = instance.told(firm.subject)
    answers(firm, request)
    assert instance.record_of(consent).uses == 0
    assert instance.told(firm.subject) == told


def test_old_data_tells_nothing(instance, firm, answers):
    instance.attest(firm.code)
    instance.chain.pass_time(500 * DAY)
    request = instance.ask(firm, GOOD).id
    assert answers(firm, request) == [(Outcome.CANNOT_TELL, Reason.ATTESTATION_EXPIRED)]


def test_the_request_of_another_firm_is_not_answered(instance, firm, answers):
    request = instance.ask(instance.new_firm(), GOOD).id
    assert refused(answers, firm, request) is Reason.REQUEST_UNKNOWN
    assert refused(answers, firm, b"r" * 32) is Reason.REQUEST_UNKNOWN


def test_without_a_controllers_signature_there_is_no_answer(instance, firm, own):
    request = instance.ask(firm, GOOD).id
    begun = own.begin(firm.subject, request, now=instance.now())
    by_another = sign(begun.challenge, b"x" * 32)
    call = refused(own.answers, firm.subject, request, begun.nonce, by_another, now=instance.now())
    assert call is Reason.SIGNER_NOT_CONTROLLER


def test_an_erased_firm_gets_no_answer(instance, firm, answers):
    request = instance.ask(firm, GOOD).id
    instance.keys.erase(instance.key_ids_of(firm.subject))
    assert refused(answers, firm, request) is Reason.ERASED
