"""A change of controllers on its way to the ledger."""

from dataclasses import replace

import pytest

from api.services.control.rotation import RotationService
from api.services.subject.controller_change import ControllerChanges, deletion
from ledger_node.domain.controller_entry import ControllerEntry, EntryKind
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_control import rotation
from tests.kit.small_instance import Silence, controllers_of, refused

OTHER = ControllerEntry(random_bytes(32), bytes(20), 7, EntryKind.ROTATED, 0, bytes(32))


@pytest.fixture
def changes(instance):
    return ControllerChanges(instance.store, instance.ledger)


@pytest.fixture
def change(instance, firm):
    """A rotation that is stored, and that the ledger did not get."""
    rotations = RotationService(instance.ledger, instance.history, instance.consents)
    made = rotation(instance, firm, controllers_of(b"h" * 32))
    with Silence(instance.ledger, "rotate"):
        assert refused(rotations.rotate, *made, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    return instance.history.of(firm.subject)[-1]


def test_a_change_is_confirmed_once(instance, changes, change):
    for _ in range(2):
        changes.confirm_on_chain(change, instance.history.of(change.subject))
    entry = instance.ledger.controller_entry(change.subject, 1)
    assert instance.history.current(change.subject).since == entry.since
    assert instance.ledger.controller_entry(change.subject, 2) is None


def test_a_change_is_stored_with_everything_that_sends_it_again(instance, firm, change):
    assert change.signatures == rotation(instance, firm, change.controllers, deadline=change.deadline)[1]
    assert change.rotation == rotation(instance, firm, change.controllers, deadline=change.deadline)[0]


def test_an_entry_that_is_not_shown_or_another_one_confirms_nothing(instance, changes, change):
    assert refused(changes.save_since, change, None) is Reason.LEDGER_UNAVAILABLE
    assert refused(changes.save_since, change, OTHER) is Reason.CONTROLLERS_FOREIGN
    assert instance.history.waiting() == [change.subject]


def test_what_the_present_controllers_did_not_sign_never_comes_to_the_ledger(instance, firm, changes, change):
    known = instance.history.of(firm.subject)
    forged = replace(change, signatures=(bytes(65),))
    assert refused(changes.confirm_on_chain, forged, known) is Reason.SIGNATURE_MALFORMED
    assert refused(changes.confirm_on_chain, change, known[1:]) is Reason.CONTROLLERS_FOREIGN


def test_a_change_that_never_will_be_is_deleted_and_told_once(instance, changes, change):
    for _ in range(2):
        changes.refuse(change, Reason.CONTROLLERS_FOREIGN)
    assert [one.entry for one in instance.history.of(change.subject)] == [0]
    assert [kind for kind, _ in instance.told(change.subject)] == ["subject.change_refused"]


def test_only_what_is_not_on_the_ledger_is_forgotten(instance, changes, change):
    changes.confirm_on_chain(change, instance.history.of(change.subject))
    assert instance.store.write(deletion(change)) == 0
    assert instance.history.current(change.subject).entry == 1
