"""Changes of status land once, however long their lists, whoever takes their numbers, whenever the process dies."""

import pytest
from sqlalchemy import func, select

from api.services.issuing.status_change import StatusChanges, was_ordered
from api.storage import table
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey, address_of, recover
from ledger_node.domain.status import MAX_WORDS, Plane, StatusReason, fold, is_set
from ledger_node.randomness import random_bytes
from tests.kit.killed_here import Killed, Points, lives
from tests.kit.signed_word import signed_batch, signed_change
from tests.kit.small_instance import DAY, TAX, Silence, key_of, refused

LONG = 2 * MAX_WORDS + 1


@pytest.fixture
def changes(instance):
    """What changes statuses of a department with positions enough for lists that are too long."""
    instance.other.anchor(signed_batch(instance.other, TAX, key_of(TAX), size=256 * LONG))
    return made(instance)


def made(instance):
    return StatusChanges(instance.departments[TAX], instance.store, instance.ledger, instance.now)


def erase(changes, *positions):
    return changes.change(Plane.REVOKED, StatusReason.ERASED, fold(positions))


def events(instance):
    """Return what the ledger tells of statuses."""
    told = instance.ledger.events_between(0, instance.ledger.head().number)
    return [event for event in told if isinstance(event, StatusEvent)]


def orders(instance):
    with instance.store.connect() as connection:
        return connection.execute(select(func.count()).select_from(table.status_order)).scalar_one()


def revoked(instance, *positions):
    words = instance.ledger.status_words(TAX, fold(positions)[0])[Plane.REVOKED]
    return [is_set(words, position) for position in positions]


def test_what_is_set_already_is_left_out(instance, changes):
    assert erase(changes, 1, 300) is not None
    assert erase(changes, 1, 2) is not None
    assert erase(changes, 1, 2, 300) is None
    assert [(event.number, event.words, event.masks) for event in events(instance)] == [
        (1, (0, 1), (2, 1 << 44)),
        (2, (0,), (4,)),
    ]
    assert all(was_ordered(instance.store, event) for event in events(instance))


@pytest.mark.usefixtures("changes")
@pytest.mark.parametrize("ahead", [-30 * DAY, 3 * DAY, 400 * DAY])
def test_k16_a_change_is_good_by_the_clock_of_the_ledger_before_a_block_shows_it(instance, ahead):
    own = instance.now()
    instance.chain.pass_time(ahead)
    erase(StatusChanges(instance.departments[TAX], instance.store, instance.ledger, lambda: own), 1)
    assert revoked(instance, 1) == [True]
    assert orders(instance) <= 2


def test_k18_a_list_of_more_words_than_one_transaction_takes_is_split(instance, changes):
    every = [256 * word for word in range(LONG)]
    erase(changes, *every)
    assert [len(event.words) for event in events(instance)] == [MAX_WORDS, MAX_WORDS, 1]
    assert [event.number for event in events(instance)] == [1, 2, 3]
    assert all(revoked(instance, *every))


def test_a_number_that_somebody_else_took_is_left_to_him(instance, changes):
    with Silence(instance.ledger, "change_status"):
        assert refused(erase, changes, 1) is Reason.LEDGER_UNAVAILABLE
    instance.other.change_status(*signed_change(instance.other, TAX, key_of(TAX), [7]))
    erase(changes, 1)
    foreign, own = events(instance)
    assert (foreign.number, own.number) == (1, 2)
    assert [was_ordered(instance.store, event) for event in (foreign, own)] == [False, True]


def test_a_change_that_was_not_seen_on_the_ledger_is_sent_again_as_it_was(instance, changes):
    sent = []

    def lost(*order):
        sent.append(order)
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    instance.ledger.change_status = lost
    for seconds in (0, DAY):
        instance.chain.pass_time(seconds)
        assert refused(erase, changes, 1) is Reason.LEDGER_UNAVAILABLE
    assert sent[0] == sent[1]
    assert orders(instance) == 1


@pytest.mark.parametrize("stands_still", [True, False])
def test_k16_a_change_that_is_past_its_deadline_is_signed_anew(instance, changes, stands_still):
    with Silence(instance.ledger, "change_status"):
        assert refused(erase, changes, 1) is Reason.LEDGER_UNAVAILABLE
    instance.chain.pass_time(3 * DAY)
    if not stands_still:
        instance.chain.mine_empty()
    assert erase(made(instance), 1) is not None
    assert (orders(instance), len(events(instance))) == (2, 1)
    assert revoked(instance, 1) == [True]


@pytest.mark.parametrize("stands_still", [True, False])
def test_k16_a_clock_that_is_behind_the_ledger_holds_nothing_up(instance, changes, stands_still):
    with Silence(instance.ledger, "change_status"):
        assert refused(erase, changes, 1) is Reason.LEDGER_UNAVAILABLE
    now = instance.now()
    instance.chain.pass_time(3 * DAY)
    behind = StatusChanges(instance.departments[TAX], instance.store, instance.ledger, lambda: now)
    if not stands_still:
        instance.chain.mine_empty()
    assert erase(behind, 1) is not None
    assert revoked(instance, 1) == [True]


def test_what_a_key_signed_that_was_replaced_is_signed_anew(instance, changes):
    with Silence(instance.ledger, "change_status"):
        assert refused(erase, changes, 1) is Reason.LEDGER_UNAVAILABLE
    new = random_bytes(32)
    instance.council.add_key(TAX, address_of(new))
    object.__setattr__(instance.departments[TAX], "signing_key", SigningKey(new))
    erase(made(instance), 1)
    (event,) = events(instance)
    assert event.key == address_of(new)


def test_each_reason_is_signed_with_the_key_for_it(instance, changes):
    keys = {purpose: SigningKey(random_bytes(32)) for purpose in (2, 4)}
    for key in keys.values():
        instance.council.add_key(TAX, key.address)
    object.__setattr__(instance.departments[TAX], "other_keys", keys)
    changes.change(Plane.SUPERSEDED, StatusReason.NO_LONGER_USED, fold([1]))
    erase(changes, 1)
    assert [event.key for event in events(instance)] == [keys[2].address, keys[4].address]


def test_others_who_change_statuses_all_the_time_make_it_wait(instance, changes):
    real = instance.ledger.change_status

    def overtaken(*order):
        instance.other.change_status(*signed_change(instance.other, TAX, key_of(TAX), [9]))
        return real(*order)

    instance.ledger.change_status = overtaken
    assert refused(erase, changes, 1) is Reason.LEDGER_REFUSED


def test_what_the_ledger_refuses_for_good_is_told(instance, changes):
    instance.council.mark_compromised(address_of(key_of(TAX)))
    assert refused(erase, changes, 1) is Reason.KEY_NOT_VALID


@pytest.mark.usefixtures("changes")
def test_k18_a_kill_at_any_commit_point_of_a_long_list_sets_every_position_once(instance):
    def act(number):
        wanted = [256 * word + number for word in range(LONG)]
        yield
        erase(made(instance), *wanted)
        yield

    def recover(number):
        erase(made(instance), *(256 * word + number for word in range(LONG)))

    deaths = lives(instance, act, recover)
    # three changes: stored and sent, each before and after
    assert deaths == 3 * 4
    told = events(instance)
    assert all(was_ordered(instance.store, event) for event in told)
    assert sum(len(event.words) for event in told) == LONG * (deaths + 1)
    for number in range(1, deaths + 2):
        assert all(revoked(instance, *(256 * word + number for word in range(LONG))))


def test_a_signature_is_stored_before_it_leaves(instance, changes):
    with pytest.raises(Killed), Points(instance, 3):
        erase(changes, 1)
    with instance.store.connect() as connection:
        (row,) = connection.execute(select(table.status_order)).all()
    assert recover(row.digest, row.signature) == address_of(key_of(TAX))
    assert events(instance) == []
