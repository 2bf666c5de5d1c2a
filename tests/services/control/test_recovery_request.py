"""Requests of recoveries on their way to the ledger, one at a time for a firm."""

import pytest

from api.services.control.recovery_request import RecoveryRequests, StoredRecovery
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Silence, controllers_of, refused


@pytest.fixture
def requests(instance):
    return RecoveryRequests(instance.store, instance.ledger)


@pytest.fixture
def wanted(firm):
    return StoredRecovery(firm.subject, 1, 1, controllers_of(b"h" * 32))


def test_a_request_is_found_with_the_time_at_which_it_may_take_effect(instance, firm, requests, wanted):
    held = requests.add(wanted)
    assert requests.find(firm.subject, 1) == held
    assert held.completable_at == instance.ledger.recovery(firm.subject).completable_at
    assert (requests.find(firm.subject, 2), requests.waiting()) == (None, [])


def test_what_the_ledger_refuses_is_forgotten(instance, firm, requests):
    same = instance.history.current(firm.subject).controllers
    assert refused(requests.add, StoredRecovery(firm.subject, 1, 1, same)) is Reason.CONTROLLERS_UNCHANGED
    assert requests.find(firm.subject, 1) is None


def test_k7_a_request_never_takes_another_number(instance, firm, requests, wanted):
    """Another one got its number, and is over: this one would pend again under a later number, and does not."""
    with Silence(instance.ledger, "request_recovery"):
        assert refused(requests.add, wanted) is Reason.LEDGER_UNAVAILABLE
    assert requests.waiting() == [firm.subject]
    instance.ledger.request_recovery(firm.subject, 1, 1, random_bytes(32))
    requests.confirm_pending(firm.subject)
    assert (requests.find(firm.subject, 1), requests.waiting()) == (None, [])
    assert [kind for kind, _ in instance.told(firm.subject)] == ["subject.change_refused"]


def test_a_request_that_landed_and_is_over_is_known_by_its_number(instance, firm, requests, wanted):
    with Silence(instance.ledger, "request_recovery", lands=True):
        assert refused(requests.add, wanted) is Reason.LEDGER_UNAVAILABLE
    instance.ledger.abandon_recovery(firm.subject, 1)
    requests.confirm_pending(firm.subject)
    assert requests.find(firm.subject, 1).controllers == wanted.controllers
    assert requests.waiting() == []
