"""What the ledger says that nobody ordered here deletes nothing: keys wait for the operator's word."""

import pytest

from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import Effect, ForeignChanges, confirm, dismiss, register_again
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.status import Plane, StatusChange, StatusReason, changes_digest, fold
from tests.kit.small_instance import NAMES, REGISTRAR, TAX, key_of, refused


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
    words, masks = fold(positions)
    number = instance.other.status_number(member) + 1
    change = StatusChange(member, number, Plane.REVOKED, changes_digest(words, masks), reason)
    signature = sign(change.digest(instance.ledger.anchor_domain), key or key_of(member))
    instance.other.change_status(change, signature, words, masks)


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
    steal(instance, 0, reason=StatusReason.ISSUED_IN_ERROR)
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
