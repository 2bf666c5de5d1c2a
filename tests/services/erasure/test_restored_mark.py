"""What the council has cleared of a stolen key's marks is cleared, and what is erased here stays revoked."""

import pytest

from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import Effect, ForeignChanges
from api.services.erasure.restored_mark import RestoredMarks, clearable, mark_of
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey, address_of
from ledger_node.domain.status import Plane, StatusReason, changes_digest
from ledger_node.randomness import random_bytes
from tests.kit.signed_word import signed_batch, signed_change
from tests.kit.small_instance import NAMES, REGISTRAR, TAX, Silence, key_of, refused


@pytest.fixture
def marks(instance):
    return RestoredMarks(instance.store, instance.ledger, instance.issuers)


@pytest.fixture
def stolen(instance):
    """Another key of the tax bureau, which a thief has."""
    return new_key(instance)


def new_key(instance):
    key = random_bytes(32)
    instance.council.add_key(TAX, address_of(key))
    return key


def change(instance, key, *positions, reason=StatusReason.ERASED):
    """Change statuses with a key, and return the event."""
    mined = instance.other.change_status(*signed_change(instance.other, TAX, key, positions, reason=reason))
    (event,) = instance.ledger.events_between(mined.block.number, mined.block.number)
    return event


def told(instance):
    """Let the instance see everything that happened."""
    names = {member: NAMES[member] for member in instance.departments}
    changes = ForeignChanges(instance.store, instance.keys, instance.ledger, names)
    return changes.apply(instance.ledger.events_between(0, instance.ledger.head().number))


def agree(instance, event, cleared):
    instance.council.mark_compromised(event.key, 1)
    instance.council.restore(mark_of(event), changes_digest(event.words, cleared))


def work(marks):
    for mark in marks.waiting():
        marks.resume(mark)


def revoked(instance):
    return instance.ledger.status_words(TAX, [0])[Plane.REVOKED][0]


@pytest.fixture
def codes(instance):
    codes = [instance.new_code() for _ in range(3)]
    for code in codes:
        instance.attest(code)
    return codes


@pytest.mark.usefixtures("codes")
def test_k10_what_the_council_agreed_on_is_cleared_by_the_department_that_it_is_about(instance, marks, stolen):
    event = change(instance, stolen, 0, 1, 2)
    change(instance, key_of(TAX), 1)
    assert told(instance).quarantined == 3
    agree(instance, event, [0b101])
    told(instance)
    assert marks.waiting() == [event.mark]
    work(marks)
    assert (revoked(instance), marks.waiting()) == (0b010, [])
    # what a good key named as well stays in quarantine
    assert told(instance).released == 2
    work(marks)
    assert (revoked(instance), marks.waiting()) == (0b010, [])


@pytest.mark.usefixtures("codes")
def test_k10_what_good_keys_named_since_the_proposal_is_cleared_as_it_was_agreed(instance, marks, stolen):
    event = change(instance, stolen, 0, 1)
    agree(instance, event, [0b11])
    change(instance, key_of(TAX), 1)
    told(instance)
    work(marks)
    assert revoked(instance) == 0b00
    # anyone sets again what a good key had set
    (good,) = [one for one in instance.ledger.status_changes(TAX) if one.key == address_of(key_of(TAX))]
    instance.other.confirm(mark_of(good), good.words, good.masks)
    assert revoked(instance) == 0b10


@pytest.mark.usefixtures("codes")
def test_k10_lists_that_do_not_follow_from_the_ledger_are_left_to_whoever_knows_them(instance, marks, stolen, caplog):
    event = change(instance, stolen, 0, 1)
    agree(instance, event, [0b10])
    told(instance)
    work(marks)
    assert (revoked(instance), marks.waiting()) == (0b11, [])
    assert "whoever proposed it shows them" in caplog.text
    instance.other.clear(mark_of(event), event.words, event.masks, [0b10])
    assert revoked(instance) == 0b01


@pytest.mark.usefixtures("codes")
def test_k10_what_the_council_takes_back_is_not_cleared(instance, marks, stolen):
    event = change(instance, stolen, 0)
    agree(instance, event, [1])
    told(instance)
    instance.council.restore(mark_of(event), bytes(32))
    work(marks)
    assert (revoked(instance), marks.waiting()) == (1, [])


def test_k10_what_is_erased_here_is_revoked_again_with_the_present_key(instance, marks, stolen, codes):
    """The department's own key was the one that was stolen, and its own word is cleared with the thief's."""
    object.__setattr__(instance.departments[TAX], "signing_key", SigningKey(stolen))
    erasures = ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)
    erasures.erase(TAX, credit_code=codes[1], schema=None)
    (event,) = [one for one in instance.ledger.status_changes(TAX) if one.reason == StatusReason.ERASED]
    object.__setattr__(instance.departments[TAX], "signing_key", SigningKey(new_key(instance)))
    agree(instance, event, event.masks)
    told(instance)
    work(marks)
    assert revoked(instance) == 0
    told(instance)
    assert marks.waiting() == [event.mark]
    with Silence(instance.ledger, "change_status"):
        assert refused(work, marks) is Reason.LEDGER_UNAVAILABLE
    assert marks.waiting() == [event.mark]
    work(marks)
    assert (revoked(instance), marks.waiting()) == (0b010, [])
    assert instance.keys.quarantines.all() == []


@pytest.mark.usefixtures("codes")
def test_k10_what_a_batch_of_the_thief_superseded_is_cleared(instance, marks, stolen):
    mined = instance.other.anchor(signed_batch(instance.other, TAX, stolen, positions=[0, 2]))[1]
    told_there = instance.ledger.events_between(mined.block.number, mined.block.number)
    (event,) = [one for one in told_there if isinstance(one, StatusEvent)]
    agree(instance, event, event.masks)
    told(instance)
    work(marks)
    assert instance.ledger.status_words(TAX, [0])[Plane.SUPERSEDED] == {0: 0}
    # whoever finds nothing to do any more does nothing
    marks.resume(event.mark)
    assert told(instance) == Effect(dead=0)


@pytest.mark.usefixtures("codes")
def test_a_mark_that_a_node_does_not_show_is_tried_again(instance, marks, stolen):
    event = change(instance, stolen, 0)
    agree(instance, event, [1])
    told(instance)
    instance.ledger.status_changes = lambda _: []
    assert refused(work, marks) is Reason.LEDGER_UNAVAILABLE
    del instance.ledger.status_changes
    work(marks)
    assert revoked(instance) == 0


@pytest.mark.usefixtures("codes")
def test_marks_of_members_elsewhere_are_theirs(instance, marks, stolen):
    only = ForeignChanges(instance.store, instance.keys, instance.ledger, {REGISTRAR: "Market regulator"})
    agree(instance, change(instance, stolen, 0), [1])
    only.apply(instance.ledger.events_between(0, instance.ledger.head().number))
    assert marks.waiting() == []


@pytest.mark.usefixtures("codes")
def test_the_first_list_is_what_a_proposal_says(instance, stolen):
    event = change(instance, stolen, 0, 1, 2)
    change(instance, key_of(TAX), 1)
    instance.council.mark_compromised(event.key, 1)
    changes = instance.ledger.status_changes(TAX)
    assert list(clearable(instance.ledger, event, changes)) == [[0b101], [0b111]]
