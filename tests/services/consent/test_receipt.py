"""Receipts of consents: every act that the ledger holds has one, and it checks offline."""

from dataclasses import replace

import pytest

from api.services.consent.receipt import ConsentReceipts
from api.services.consent.signed_act import store_signed_act
from ledger_node.domain.consent_act import Change, ChangeKind, SignedAct
from ledger_node.domain.receipt import Act
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from tests.kit.small_instance import RELAYER, SECRET


@pytest.fixture
def receipts(instance):
    return ConsentReceipts(instance.store, instance.ledger, instance.consents, instance.operator)


def checked(instance, receipt):
    keys = frozenset({instance.operator.signing_key.address})
    assert check_receipt(receipt.to_bytes(), TrustedOperator(keys, RELAYER, instance.ledger.consent_domain)) == receipt
    return receipt


def test_every_act_has_a_receipt_that_checks(instance, firm, receipts):
    consent = instance.grant(firm)
    (use,) = instance.use(consent)
    for number, change in enumerate((Change.PAUSE, Change.RESUME), start=1):
        instance.consents.change(consent, change, number, instance.signed_change(firm, consent, change, number))
    instance.consents.withdraw(consent, secret=None, signatures=instance.signed_withdrawal(firm, consent))
    held = instance.consents.find(consent)
    found = [checked(instance, receipt) for receipt in receipts.of_consent(held)]
    acts = [Act.GRANTED, Act.USED, Act.PAUSED, Act.RESUMED, Act.WITHDRAWN]
    assert [receipt.act for receipt in found] == acts
    assert [receipt.recorded for receipt in found] == [one.recorded for one in instance.ledger.consent_events(consent)]
    assert found[1].use == use
    assert receipts.of_consent(held) == found


def test_a_withdrawal_by_secret_shows_the_secret(instance, firm, receipts):
    consent = instance.grant(firm)
    instance.consents.withdraw(consent, secret=SECRET, signatures=())
    last = checked(instance, receipts.of_consent(instance.consents.find(consent))[-1])
    assert (last.act, last.basis.secret) == (Act.WITHDRAWN, SECRET)


def test_what_another_instance_relayed_has_no_receipt_here(instance, firm, receipts):
    consent = instance.grant(firm)
    granted = instance.consents.find(consent).shown.consent
    instance.other.change_consent(instance.change_order(granted, ChangeKind.PAUSE, 1))
    instance.other.change_consent(instance.change_order(granted, ChangeKind.WITHDRAW, 2))
    assert [one.act for one in receipts.of_consent(instance.consents.find(consent))] == [Act.GRANTED]


def test_k1_a_word_that_the_ledger_did_not_bind_is_in_no_receipt(instance, firm, receipts):
    """Another node of the firm's paused it first, under the number that was signed here as well."""
    consent = instance.grant(firm)
    granted = instance.consents.find(consent).shown.consent
    here = SignedAct(
        instance.consents.find(consent).shown.controllers, instance.signed_change(firm, consent, Change.PAUSE, 1)
    )
    store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, here, number=1)
    instance.other.change_consent(instance.change_order(granted, ChangeKind.PAUSE, 1))
    assert [one.act for one in receipts.of_consent(instance.consents.find(consent))] == [Act.GRANTED]


@pytest.mark.parametrize("answer", ["granted", "refused", "open"])
def test_a_request_has_the_receipt_of_its_answer(instance, firm, receipts, answer):
    held = instance.ask(firm)
    if answer == "granted":
        terms = instance.accept(held.asked)
        signatures = firm.sign(instance.id_of(terms))
        instance.consents.grant(terms, signatures, now=instance.now(), request=held.id)
    elif answer == "refused":
        instance.requests.refuse(held.id, instance.signed_refusal(firm, held.id))
    found = receipts.of_request(held)
    if answer == "open":
        assert found is None
    else:
        assert checked(instance, found).act is Act[answer.upper()]


def test_a_receipt_is_the_keepers_word_on_every_part(instance, firm, receipts):
    (receipt,) = receipts.of_consent(instance.consents.find(instance.grant(firm)))
    forged = replace(receipt, number=7)
    assert forged.digest != receipt.digest
