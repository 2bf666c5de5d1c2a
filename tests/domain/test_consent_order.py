"""Orders: what fresh keys sign goes to the chain without a key, and only the key's own word is in it."""

import pytest

from ledger_node.domain.consent import Consent
from ledger_node.domain.consent_act import (
    NO_CONSENT,
    NO_WORD,
    Change,
    ChangeKind,
    answer_digest,
    change_digest,
    grant_digest,
    signatures_digest,
    steward_digest,
)
from ledger_node.domain.consent_order import AnswerOrder, ChangeOrder, GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.signature import address_of, recover
from tests.kit.receipt import word
from tests.kit.world import ANSWER_KEY, CONSENT_DOMAIN, SECRET, STEWARD_KEY, asked, consent, terms

SHOWN = consent(terms())
MADE = Consent(SHOWN.terms, SHOWN.bounds)


@pytest.mark.parametrize("granted", [NO_CONSENT, SHOWN.id])
def test_k3_an_answer_is_signed_by_the_answer_key_for_one_request_and_one_answer(granted):
    order = AnswerOrder.sign(asked(), ANSWER_KEY, CONSENT_DOMAIN, consent=granted)
    assert order.request == asked().digest(address_of(ANSWER_KEY), CONSENT_DOMAIN)
    assert order.answer_key == address_of(ANSWER_KEY)
    said = answer_digest(order.request, granted, CONSENT_DOMAIN)
    assert recover(said, order.signature) == order.answer_key
    assert AnswerOrder.sign(asked(), ANSWER_KEY, CONSENT_DOMAIN).asked_hash == asked().struct_hash


def test_k4_a_grant_is_signed_by_the_steward_key_with_what_controllers_signed():
    order = GrantOrder.sign(MADE, SHOWN.signatures, STEWARD_KEY, CONSENT_DOMAIN)
    assert order.shown.id == SHOWN.id
    assert order.signatures_digest == signatures_digest(SHOWN.signatures)
    said = grant_digest(SHOWN.id, order.signatures_digest, CONSENT_DOMAIN)
    assert recover(said, order.word) == SHOWN.bounds.steward_key
    fewer = GrantOrder.sign(MADE, SHOWN.signatures[:1], STEWARD_KEY, CONSENT_DOMAIN)
    assert fewer.word != order.word


@pytest.mark.parametrize(("change", "kind"), [(Change.PAUSE, ChangeKind.PAUSE), (Change.RESUME, ChangeKind.RESUME)])
@pytest.mark.parametrize("signed", [True, False])
def test_k1_a_change_is_signed_by_the_steward_key_for_its_number_kind_and_word(change, kind, signed):
    act = word(change_digest(SHOWN.id, change, 2, CONSENT_DOMAIN))
    assert change.kind is kind
    order = ChangeOrder.sign(MADE, change.kind, 2, act if signed else None, STEWARD_KEY, CONSENT_DOMAIN)
    assert order.word_digest == (act.digest if signed else NO_WORD)
    said = steward_digest(SHOWN.id, 2, kind, order.word_digest, CONSENT_DOMAIN)
    assert recover(said, order.signature) == SHOWN.bounds.steward_key


def test_k8_the_hash_of_terms_and_the_bounds_lead_to_the_id_without_the_terms():
    shown = ShownConsentId.of(MADE, CONSENT_DOMAIN)
    assert ShownConsentId.from_hash(SHOWN.terms.struct_hash, SHOWN.bounds, CONSENT_DOMAIN) == shown


def test_a_secret_is_not_in_the_words_of_its_order():
    order = SecretOrder(ShownConsentId.of(MADE, CONSENT_DOMAIN), SECRET)
    assert SECRET.hex() not in repr(order)
    assert repr(SECRET) not in repr(order)
