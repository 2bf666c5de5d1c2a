"""What the ledger says that nobody ordered here deletes nothing: keys wait for the operator's word."""

from dataclasses import replace

import pytest

from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import Effect, ForeignChanges, confirm, dismiss, register_again
from api.storage import table
from api.vault.quarantine import QuarantineState
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import NOBODY, Plane, StatusReason, changes_digest
from ledger_node.randomness import random_bytes
from tests.kit.fake_ledger.council import LEFT
from tests.kit.signed_word import mark_of, signed_batch, signed_change
from tests.kit.small_instance import NAMES, REGISTRAR, STRANGER, TAX, key_of, refused


@pytest.fixture
def changes(instance):
    names = {member: NAMES[member] for member in instance.departments}
    return ForeignChanges(instance.store, instance.keys, instance.ledger, names)


@pytest.fixture
def code(instance):
    code = instance.new_code()
    instance.attest(code)
    return code


def steal(instance, *positions, member=TAX, reason=StatusReason.ERASED, key=None):
    """Say of positions on the ledger that they are revoked, as a thief of the member's key does."""
    signed = signed_change(instance.other, member, key or key_of(member), positions, reason=reason)
    mined = instance.other.change_status(*signed)
    (event,) = instance.other.events_between(mined.block.number, mined.block.number)
    return event


def apply(instance, changes):
    return changes.apply(instance.ledger.events_between(0, instance.ledger.head().number))


def test_keys_of_what_only_the_ledger_calls_erased_go_into_quarantine(instance, changes, code):
    steal(instance, 0)
    assert apply(instance, changes) == Effect(quarantined=1, dead=1)
    (found,) = instance.keys.quarantines.all()
    assert (found.member, found.key, found.keys) == (TAX, address_of(key_of(TAX)), 1)
    assert len(instance.attested_keys()) == 1
    assert apply(instance, changes) == Effect()
    assert instance.attest(code) == []


def test_what_was_erased_here_is_no_foreign_change(instance, changes, code):
    erasures = ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)
    erasures.erase(TAX, credit_code=code, schema=None)
    assert apply(instance, changes) == Effect()
    assert instance.keys.quarantines.all() == []


def test_what_was_superseded_here_is_no_foreign_change(instance, changes, code):
    instance.attest(code, **{"实缴税额（元）": "99.00", "数据截至日期": "2026-02-28"})
    assert apply(instance, changes) == Effect()


def test_what_is_revoked_for_another_reason_is_news_when_it_is_sent_again(instance, changes, code):
    steal(instance, 0, reason=StatusReason.NO_LONGER_USED)
    assert apply(instance, changes) == Effect(dead=1)
    assert instance.keys.quarantines.all() == []
    assert len(instance.attest(code)) == 1


@pytest.mark.usefixtures("code")
def test_a_change_under_a_key_that_is_marked_as_compromised_hides_nothing(instance, changes):
    steal(instance, 0)
    instance.council.mark_compromised(address_of(key_of(TAX)), 1)
    assert apply(instance, changes) == Effect(dead=1)
    assert instance.keys.quarantines.all() == []


@pytest.mark.usefixtures("code")
def test_changes_of_members_elsewhere_say_nothing_here(instance):
    only = ForeignChanges(instance.store, instance.keys, instance.ledger, {REGISTRAR: "Market regulator"})
    steal(instance, 0)
    assert apply(instance, only) == Effect()


@pytest.mark.usefixtures("code")
def test_a_quarantine_that_is_confirmed_erases_the_keys(instance, changes):
    steal(instance, 0)
    apply(instance, changes)
    confirm(instance.store, instance.keys, 1)
    instance.removals.finish()
    assert instance.attested_keys() == []
    assert refused(confirm, instance.store, instance.keys, 1) is Reason.REQUEST_INVALID
    assert refused(dismiss, instance.store, instance.keys, 2) is Reason.NOT_FOUND


def test_a_quarantine_that_is_dismissed_opens_the_keys_again(instance, changes, code):
    steal(instance, 0)
    apply(instance, changes)
    dismiss(instance.store, instance.keys, 1)
    assert len(instance.attested_keys()) == 1
    assert instance.keys.quarantines.count_open() == 0
    # what the ledger holds revoked stays so; the department sends the row again
    assert len(instance.attest(code)) == 1


def test_the_registration_of_a_firm_is_hidden_and_made_anew(instance, changes):
    firm = instance.new_firm()
    steal(instance, 0, member=REGISTRAR)
    assert apply(instance, changes).quarantined == 2
    assert instance.subjects.find(firm.subject) is None
    assert instance.subjects.why_unknown(firm.subject) is Reason.QUARANTINED
    dismiss(instance.store, instance.keys, 1)
    assert instance.subjects.waiting() == [firm.subject]
    instance.subjects.resume(firm.subject, instance.now())
    assert instance.subjects.find(firm.subject).credit_code == firm.code
    assert instance.ledger.stream_head(REGISTRAR, 0).total == 2


def test_only_firms_whose_keys_are_there_are_registered_again(instance):
    firm = instance.new_firm()
    registration = instance.subjects.find(firm.subject).registration
    instance.keys.erase(instance.key_ids_of(firm.subject))
    with instance.store.begin() as connection:
        register_again(connection, instance.keys, [registration])
    assert instance.subjects.waiting() == []


def restored(instance, event, cleared=None):
    """Have the council clear what an event set, or a part of its masks."""
    mark, cleared = mark_of(event), cleared or event.masks
    instance.council.restore(mark, changes_digest(event.words, cleared))
    instance.other.clear(mark, event.words, event.masks, cleared)


@pytest.mark.usefixtures("code")
def test_k10_what_the_council_has_cleared_leaves_the_quarantine(instance, changes):
    instance.attest(instance.new_code())
    event = steal(instance, 0, 1)
    assert apply(instance, changes) == Effect(quarantined=2, dead=2)
    instance.council.mark_compromised(address_of(key_of(TAX)), 1)
    # a part stays: a good key named it as well
    restored(instance, event, [0b01])
    assert apply(instance, changes) == Effect(released=1)
    assert len(instance.attested_keys()) == 2
    assert (instance.keys.quarantines.count_open(), len(instance.keys.quarantines.keys_of(1))) == (1, 1)
    assert apply(instance, changes) == Effect()
    restored(instance, event)
    assert apply(instance, changes).released == 1
    assert instance.keys.quarantines.count_open() == 0
    assert instance.keys.quarantines.named(1).state is QuarantineState.DISMISSED
    # the decision stands, and the same row is attested anew
    assert apply(instance, changes) == Effect()


@pytest.mark.usefixtures("code")
def test_k10_what_another_change_calls_erased_again_stays_in_quarantine(instance, changes):
    first = steal(instance, 0)
    apply(instance, changes)
    instance.council.mark_compromised(address_of(key_of(TAX)), 1)
    restored(instance, first)
    head = instance.ledger.head().number
    # a change that came in between still names it
    steal_again = signed_change(instance.other, TAX, new_key(instance), [0])
    instance.other.change_status(*steal_again)
    assert changes.apply(instance.ledger.events_between(head, head)) == Effect()


def new_key(instance):
    """Give the tax bureau another key, and return it."""
    key = random_bytes(32)
    instance.council.add_key(TAX, address_of(key))
    return key


@pytest.mark.usefixtures("code")
def test_k10_what_the_operator_has_confirmed_no_council_brings_back(instance, changes):
    event = steal(instance, 0)
    apply(instance, changes)
    confirm(instance.store, instance.keys, 1)
    instance.council.mark_compromised(address_of(key_of(TAX)), 1)
    restored(instance, event)
    assert apply(instance, changes) == Effect()
    instance.removals.finish()
    assert instance.attested_keys() == []


def test_k10_what_a_good_key_had_set_is_set_again_and_proves_nothing(instance, changes, code):
    event = steal(instance, 0, reason=StatusReason.NO_LONGER_USED)
    apply(instance, changes)
    instance.attest(code)
    instance.other.confirm(mark_of(event), event.words, event.masks)
    assert apply(instance, changes) == Effect()


@pytest.mark.usefixtures("code")
def test_k13_a_change_under_a_key_that_had_ended_counts_for_nothing(instance, changes):
    """The registry takes none; whoever reads the ledger judges it all the same."""
    event = steal(instance, 0)
    instance.council.end_key(address_of(key_of(TAX)))
    late = replace(event.recorded, block_time=instance.now() + 1)
    assert changes.apply([replace(event, recorded=late)]) == Effect(dead=1)
    assert instance.keys.quarantines.all() == []
    assert len(instance.attested_keys()) == 1


@pytest.mark.usefixtures("code")
def test_k11_the_word_of_a_successor_counts_by_its_key(instance, changes):
    instance.council.set_successor(TAX, STRANGER)
    steal(instance, 0, key=key_of(STRANGER))
    instance.council.mark_compromised(address_of(key_of(STRANGER)), 1)
    assert apply(instance, changes) == Effect(dead=1)
    assert instance.keys.quarantines.all() == []


@pytest.mark.usefixtures("code")
def test_k11_the_word_of_the_council_hides_and_deletes_nothing(instance, changes):
    instance.council.set_state(TAX, LEFT)
    instance.council.change_status_for(TAX, Plane.REVOKED, StatusReason.ERASED, [0], [1])
    assert apply(instance, changes) == Effect(quarantined=1, dead=1)
    (found,) = instance.keys.quarantines.all()
    assert found.keys == len(instance.attested_keys()) == 1
    (event,) = instance.ledger.events_between(instance.ledger.head().number, instance.ledger.head().number)
    assert (event.actor, found.key) == (NOBODY, event.key)


@pytest.mark.usefixtures("code")
def test_two_changes_in_one_transaction_are_one_quarantine(instance, changes):
    instance.attest(instance.new_code())
    one, other = steal(instance, 0), steal(instance, 1)
    assert changes.apply([one, replace(other, recorded=one.recorded)]) == Effect(quarantined=2, dead=2)
    assert [(found.number, found.keys) for found in instance.keys.quarantines.all()] == [(1, 2)]


def test_a_registration_that_a_thief_superseded_is_made_anew(instance, changes):
    firm = instance.new_firm()
    instance.other.anchor(signed_batch(instance.other, REGISTRAR, key_of(REGISTRAR), positions=[0]))
    instance.council.mark_compromised(address_of(key_of(REGISTRAR)), 1)
    assert apply(instance, changes) == Effect(dead=1)
    assert instance.subjects.waiting() == [firm.subject]


def test_what_was_erased_before_an_older_store_came_back_is_replayed_from_tombstones(instance, changes, code):
    """The key ledger never goes back, so the order that the store lost is none to wait for."""
    erasures = ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)
    erasures.erase(TAX, credit_code=code, schema=None)
    with instance.store.begin() as connection:
        connection.execute(table.status_order.delete())
    assert apply(instance, changes) == Effect(replayed=1)
    assert instance.keys.quarantines.all() == []
