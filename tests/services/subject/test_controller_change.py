"""A change of controllers on its way to the ledger."""

import pytest

from api.services.subject.controller_change import ControllerChanges, deletion
from ledger_node.chain.port import ControllerEntry
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Silence, controllers_of, refused


@pytest.fixture
def changes(instance):
    return ControllerChanges(instance.store, instance.ledger)


@pytest.fixture
def change(instance, firm):
    """A rotation that is stored, and that the ledger did not get."""
    with Silence(instance.ledger, "rotate"), instance.history.locked(firm.subject) as current:
        call = (instance.history.append, current, controllers_of(b"h" * 32))
        assert refused(*call) is Reason.LEDGER_UNAVAILABLE
    return instance.history.of(firm.subject)[-1]


def test_a_change_is_confirmed_once(instance, changes, change):
    for _ in range(2):
        changes.confirm_on_chain(change)
    entry = instance.ledger.controller_entry(change.subject, 1)
    assert instance.history.current(change.subject).since == entry.since
    assert instance.ledger.controller_entry(change.subject, 2) is None


def test_an_entry_that_is_not_shown_or_another_one_confirms_nothing(instance, changes, change):
    assert refused(changes.save_since, change, None) is Reason.LEDGER_UNAVAILABLE
    other = ControllerEntry(random_bytes(32), 7, random_bytes(32))
    assert refused(changes.save_since, change, other) is Reason.CONTROLLERS_FOREIGN
    assert instance.history.waiting() == [change.subject]


def test_a_change_that_never_will_be_is_deleted_and_told_once(instance, changes, change):
    for _ in range(2):
        changes.refuse(change, Reason.CONTROLLERS_FOREIGN)
    assert [one.entry for one in instance.history.of(change.subject)] == [0]
    assert [kind for kind, _ in instance.told(change.subject)] == ["subject.change_refused"]


def test_only_what_is_not_on_the_ledger_is_forgotten(instance, changes, change):
    changes.confirm_on_chain(change)
    assert instance.store.write(deletion(change)) == 0
    assert instance.history.current(change.subject).entry == 1
