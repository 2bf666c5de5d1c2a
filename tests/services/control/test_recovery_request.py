"""Requests of recoveries on their way to the ledger, one at a time for a firm."""

import pytest

from api.services.control.recovery import RecoveryRequests
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Silence, controllers_of, refused


@pytest.fixture
def requests(instance):
    return RecoveryRequests(instance.store, instance.ledger)


@pytest.fixture
def heirs():
    return controllers_of(b"h" * 32)


def test_a_request_is_found_with_the_time_of_its_block(instance, firm, requests, heirs):
    held = requests.add(firm.subject, 1, heirs)
    assert requests.find(firm.subject, 1) == held
    assert held.requested_at == instance.ledger.recovery(firm.subject).requested_at
    assert (requests.find(firm.subject, 2), requests.waiting()) == (None, [])


def test_what_the_ledger_refuses_is_forgotten(instance, firm, requests):
    same = instance.history.current(firm.subject).controllers
    assert refused(requests.add, firm.subject, 1, same) is Reason.CONTROLLERS_UNCHANGED
    assert requests.find(firm.subject, 1) is None


def test_behind_a_recovery_of_others_that_was_cancelled_it_gets_a_later_number(instance, firm, requests, heirs):
    with Silence(instance.ledger, "request_recovery"):
        assert refused(requests.add, firm.subject, 1, heirs) is Reason.LEDGER_UNAVAILABLE
    assert requests.waiting() == [firm.subject]
    instance.other.request_recovery(firm.subject, random_bytes(32))
    instance.other.rotate(firm.subject, random_bytes(32))
    instance.other.request_recovery(firm.subject, heirs.commitment)
    requests.confirm_pending(firm.subject)
    assert (requests.find(firm.subject, 1), requests.waiting()) == (None, [])
    assert requests.find(firm.subject, 2).controllers == heirs


def test_while_an_earlier_try_may_still_be_mined_it_waits(instance, firm, requests, heirs):
    with Silence(instance.ledger, "request_recovery"):
        assert refused(requests.add, firm.subject, 1, heirs) is Reason.LEDGER_UNAVAILABLE
    instance.other.request_recovery(firm.subject, random_bytes(32))
    instance.chain.on_way.add(firm.subject)
    assert refused(requests.confirm_pending, firm.subject) is Reason.LEDGER_UNAVAILABLE
    instance.chain.on_way.clear()
    requests.confirm_pending(firm.subject)
    assert [kind for kind, _ in instance.told(firm.subject)] == ["subject.change_refused"]
