"""The follower tells everything up to the newest block, once, whatever happens in between."""

import time

import pytest

from api.services.access_log.writer import Reliance, store_reliance
from api.services.notification.follower import ChainFollower
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane, StatusReason
from ledger_node.randomness import random_bytes
from tests.kit.signed_word import signed_change
from tests.kit.small_instance import BANK, TAX, Silence, key_of, refused

SLEEP = time.sleep


def follower_of(instance, **options):
    return ChainFollower(instance.store, instance.ledger, **options)


@pytest.fixture
def follower(instance):
    return follower_of(instance)


def revoke(instance, position):
    """Revoke an attestation of the tax bureau."""
    change = signed_change(instance.ledger, TAX, key_of(TAX), [position], reason=StatusReason.NO_LONGER_USED)
    return instance.ledger.change_status(*change)


def test_events_are_told_once(instance, firm, follower):
    consent = instance.grant(firm)
    for _ in range(2):
        follower.catch_up()
    assert instance.told(BANK) == [("consent.granted", {"consent": to_hex(consent)})]


def test_it_goes_on_where_the_store_says(instance, firm, follower):
    instance.grant(firm)
    follower.catch_up()
    seen = []
    instance.grant(firm)
    follower_of(instance, watch=seen.extend).catch_up()
    assert len(seen) == 1
    assert len(instance.told(BANK)) == 2


def test_many_blocks_are_told_in_portions(instance, firm, follower):
    instance.grant(firm)
    for _ in range(600):
        instance.chain.mine_empty()
    consent = instance.grant(firm)
    follower.catch_up()
    assert instance.told(BANK)[-1] == ("consent.granted", {"consent": to_hex(consent)})


@pytest.mark.parametrize("broken", ["head", "events_between"])
def test_while_the_ledger_does_not_answer_nothing_is_lost(instance, firm, follower, broken):
    instance.grant(firm)
    with Silence(instance.ledger, broken):
        assert refused(follower.catch_up) is Reason.LEDGER_UNAVAILABLE
    follower.catch_up()
    assert len(instance.told(BANK)) == 1


def test_who_watches_sees_events_before_the_cursor_passes_them(instance, firm):
    seen = []

    def watch(events):
        seen.append(len(events))
        if len(seen) == 1:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    instance.grant(firm)
    follower = follower_of(instance, watch=watch)
    assert refused(follower.catch_up) is Reason.LEDGER_UNAVAILABLE
    assert instance.told(BANK) == []
    follower.catch_up()
    assert seen == [1, 1]
    assert len(instance.told(BANK)) == 1


def test_a_consent_that_ends_is_told(instance, firm, follower):
    instance.grant(firm)
    follower.catch_up()
    instance.chain.pass_time(31 * 86_400)
    instance.chain.mine_empty()
    follower.catch_up()
    assert [kind for kind, _ in instance.told(BANK)] == ["consent.granted", "consent.expired"]


@pytest.mark.parametrize("is_late", [True, False])
def test_a_status_is_told_whether_the_answer_or_the_cursor_was_first(instance, follower, is_late):
    (digest,) = instance.attest(instance.new_code())
    position = instance.ledger.find_anchor(TAX, 0, 1)[0].start
    relied = Reliance(random_bytes(32), random_bytes(32), BANK, digest, TAX, position, instance.ledger.head().number)
    if is_late:
        revoke(instance, position)
        instance.chain.mine_empty()
        follower.catch_up()
    with instance.store.begin() as connection:
        store_reliance(connection, [relied])
    if not is_late:
        revoke(instance, position)
    for _ in range(2):
        follower.catch_up()
    ((kind, data),) = instance.told(BANK)
    assert (kind, data["attestation"]) == ("attestation.revoked", to_hex(digest))
    facts = instance.ledger.facts(FactQuery(positions=frozenset({(TAX, position)})))
    assert facts.status[TAX, Plane.REVOKED, 0] == 1
