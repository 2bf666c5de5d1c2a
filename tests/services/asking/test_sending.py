"""A draft becomes one request, whatever is clicked twice; the firm gets just what was shown."""

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.services.asking.draft import RequestDrafts
from api.services.asking.sending import LOOK_LIFETIME_S, RequestSending
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from tests.kit.small_instance import BANK, GOOD, STRANGER, Silence, refused

SEED = SpendSeed(b"s" * 32)


@pytest.fixture
def drafts(instance):
    return RequestDrafts(instance.store, default_purposes())


@pytest.fixture
def sending(instance, drafts):
    instance.spend_seeds.hand_over(BANK, SEED)
    return RequestSending(drafts, instance.requests, instance.spend_seeds, default_purposes(), instance.ledger)


@pytest.fixture
def draft(instance, firm, drafts):
    begun = drafts.start(BANK, firm.subject, "loan_application", staff=b"wang", now=instance.now())
    drafts.add(BANK, begun.id, Claim.parse(GOOD, schemas()))
    return drafts.look_at(BANK, begun.id, Language.ENGLISH, instance.now())


def test_what_was_looked_at_is_what_is_sent_once(instance, sending, drafts, draft):
    shown = sending.asked(draft, now=instance.now())
    held = sending.send(BANK, draft.id, now=instance.now() + 50)
    assert (held.asked, held.id) == (shown, sending.id_of(draft, now=instance.now()))
    assert held.asked.spend_key == address_of(SEED.spend_key(draft.salt))
    assert sending.send(BANK, draft.id, now=instance.now() + 9_999) == held
    assert instance.requests.of_grantee(BANK) == [held]
    assert drafts.find(BANK, draft.id).request == held.id


def test_a_look_of_an_hour_ago_is_taken_again(instance, sending, drafts, draft):
    late = instance.now() + LOOK_LIFETIME_S
    assert refused(sending.send, BANK, draft.id, now=late) is Reason.FIELD_MISSING
    drafts.set_bounds(BANK, draft.id, days=3, uses=1, retention_days=1)
    assert refused(sending.send, BANK, draft.id, now=instance.now()) is Reason.FIELD_MISSING
    assert instance.requests.of_grantee(BANK) == []


def test_a_bank_whose_seed_is_not_here_sees_the_words_and_sends_nothing(instance, sending, draft):
    instance.spend_seeds.take_back(BANK)
    assert not sending.can_send(BANK)
    assert sending.preview(draft, now=instance.now()).questions == (GOOD,)
    assert refused(sending.send, BANK, draft.id, now=instance.now()) is Reason.FIELD_MISSING
    assert refused(sending.send, STRANGER, draft.id, now=instance.now()) is Reason.NOT_FOUND


@pytest.mark.parametrize("lands", [True, False])
def test_a_request_whose_answer_is_lost_is_sent_and_not_sent_twice(instance, sending, drafts, draft, lands):
    with Silence(instance.ledger, "request_consent", lands=lands):
        assert refused(sending.send, BANK, draft.id, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    held = sending.send(BANK, draft.id, now=instance.now())
    instance.requests.resume(held.id)
    assert [one.id for one in instance.requests.of_grantee(BANK)] == [held.id]
    assert refused(drafts.remove, BANK, draft.id, GOOD) is Reason.REQUEST_ANSWERED
