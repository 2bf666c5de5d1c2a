"""What controllers signed after a grant is stored before the ledger hears of it, and found for receipts."""

import pytest

from api.services.consent.signed_act import find_signed_act, store_signed_act
from ledger_node.domain.consent_act import ChangeKind, SignedAct
from ledger_node.domain.receipt import Act
from tests.kit.small_instance import controllers_of


def word(number):
    key = bytes([number]) * 32
    return SignedAct(controllers_of(key), (bytes(65),))


@pytest.fixture
def consent(instance, firm):
    return instance.grant(firm)


def test_a_word_is_found_by_what_it_is_about(instance, consent):
    one = word(1)
    store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, one, number=1)
    assert find_signed_act(instance.store, consent, Act.PAUSED, number=1) == one
    assert find_signed_act(instance.store, consent, Act.PAUSED, number=2) is None
    assert find_signed_act(instance.store, consent, Act.RESUMED, number=1) is None
    assert find_signed_act(instance.store, bytes(32), Act.PAUSED, number=1) is None


def test_a_word_of_an_attempt_that_came_to_nothing_is_replaced(instance, consent):
    store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, word(1), number=1)
    second = word(2)
    store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, second, number=1)
    assert find_signed_act(instance.store, consent, Act.PAUSED, number=1) == second


def test_a_word_of_an_act_that_took_place_stays(instance, consent):
    first = word(1)
    store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, first, number=1)
    granted = instance.consents.find(consent).shown.consent
    instance.ledger.change_consent(instance.change_order(granted, ChangeKind.PAUSE, 1, first))
    assert store_signed_act(instance.store, instance.ledger, consent, Act.PAUSED, word(2), number=1) == first
    assert find_signed_act(instance.store, consent, Act.PAUSED, number=1) == first
