"""Intervals of the access log: closed and anchored one after the other, whatever is lost on the way."""

import pytest
from sqlalchemy import select

from api.services.access_log.interval import AccessIntervals, plant
from api.storage import table
from ledger_node.domain.access import NO_HEAD, LogTree
from ledger_node.domain.batch import ACCESS_LOG
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.signed_word import signed_batch
from tests.kit.small_instance import DAY, RELAYER, Silence, key_of, refused


def closed(instance):
    with instance.store.connect() as connection:
        return connection.execute(select(table.access_interval).order_by(table.access_interval.c.number)).all()


def logged(instance):
    with instance.store.connect() as connection:
        return connection.execute(select(table.access_row).order_by(table.access_row.c.number)).all()


def anchored(instance):
    return instance.ledger.stream_head(RELAYER, ACCESS_LOG).number


def test_an_interval_is_anchored_whether_anything_was_asked_or_not(instance, firm, intervals, write):
    intervals.beat()
    write(firm.subject)
    instance.chain.pass_time(60)
    intervals.beat()
    instance.chain.pass_time(60)
    intervals.beat()
    found = closed(instance)
    assert [one.row_count for one in found] == [0, 1, 0]
    assert [one.batch_number for one in found] == [1, 2, 3]
    assert [one.since for one in found[1:]] == [one.until for one in found[:-1]]
    assert (found[0].before, [one.before for one in found[1:]]) == (NO_HEAD, [one.after for one in found[:-1]])
    for one in found:
        assert instance.ledger.find_anchor(RELAYER, ACCESS_LOG, one.batch_number)[0].root == one.batch_root
    assert intervals.waiting() == []


def test_every_row_has_its_place_under_the_root(instance, firm, intervals, write):
    for _ in range(5):
        write(firm.subject)
    intervals.beat()
    (interval,), rows = closed(instance), logged(instance)
    assert {row.interval for row in rows} == {1}
    tree = LogTree({row.slot: row.leaf for row in rows}, interval.filling)
    assert tree.root == interval.root
    assert [row.path for row in rows] == [b"".join(tree.path(row.slot)) for row in rows]


@pytest.mark.parametrize("lands", [True, False])
def test_an_interval_whose_answer_is_lost_is_anchored_once(instance, firm, intervals, write, lands):
    write(firm.subject)
    with Silence(instance.ledger, "anchor", lands=lands):
        assert refused(intervals.beat) is Reason.LEDGER_UNAVAILABLE
    assert intervals.waiting() == [RELAYER]
    write(firm.subject)
    intervals.anchor_pending()
    assert (intervals.waiting(), anchored(instance)) == ([], 1)
    intervals.beat()
    assert [one.row_count for one in closed(instance)] == [1, 1]


def test_while_the_ledger_is_down_no_interval_is_closed_beside_the_one_that_waits(instance, firm, intervals, write):
    with Silence(instance.ledger, "anchor"):
        for _ in range(3):
            write(firm.subject)
            assert refused(intervals.beat) is Reason.LEDGER_UNAVAILABLE
        assert [one.row_count for one in closed(instance)] == [1]
    intervals.beat()
    assert [one.row_count for one in closed(instance)] == [1, 2]


def test_an_interval_that_was_overtaken_is_signed_anew_behind_the_head(instance, firm, intervals, write):
    write(firm.subject)
    with Silence(instance.ledger, "anchor"):
        assert refused(intervals.beat) is Reason.LEDGER_UNAVAILABLE
    instance.other.anchor(signed_batch(instance.other, RELAYER, key_of(RELAYER), stream=ACCESS_LOG))
    intervals.beat()
    assert [(one.number, one.batch_number) for one in closed(instance)] == [(1, 2), (2, 3)]


@pytest.mark.parametrize("stands_still", [True, False])
def test_k16_an_interval_that_is_past_its_deadline_is_signed_anew(instance, firm, intervals, write, stands_still):
    write(firm.subject)
    with Silence(instance.ledger, "anchor"):
        assert refused(intervals.beat) is Reason.LEDGER_UNAVAILABLE
    (before,) = closed(instance)
    instance.chain.pass_time(3 * DAY)
    if not stands_still:
        instance.chain.mine_empty()
    intervals.anchor_pending()
    (row,) = closed(instance)
    assert before.deadline < instance.now() < row.deadline
    assert (row.number, row.batch_root, row.start) == (before.number, before.batch_root, 0)
    assert anchored(instance) == 1


def test_a_store_that_is_older_than_the_ledger_goes_on_behind_it(instance, intervals):
    for _ in range(3):
        intervals.beat()
    with instance.store.begin() as connection:
        connection.execute(table.access_interval.delete())
    operator, workers = instance.operator, instance.workers
    again = AccessIntervals(instance.store, instance.ledger, operator, instance.now, workers)
    again.beat()
    assert [(one.number, one.batch_number) for one in closed(instance)] == [(1, 4)]


def test_places_are_random_and_every_leaf_has_one():
    leaves = [random_bytes(32) for _ in range(20)]
    root, places = plant(leaves, bytes(32))
    slots = [slot for slot, _ in places]
    assert len(set(slots)) == 20
    assert slots != sorted(slots)
    assert LogTree(dict(zip(slots, leaves, strict=True)), bytes(32)).root == root
