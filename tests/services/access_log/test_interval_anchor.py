"""Anchoring a closed interval: sent while it is not known to be anchored, and nothing otherwise."""

import pytest

from api.services.access_log.interval import AccessIntervals, anchor_interval, batch_of
from ledger_node.domain.access import CHECKPOINT_SIZE
from ledger_node.domain.batch import ACCESS_LOG, NO_ROOT
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import DAY, RELAYER, Silence, refused


def test_nothing_is_sent_where_nothing_waits(instance):
    before = instance.ledger.head()
    anchor_interval(instance.store, instance.ledger, instance.operator, instance.now)
    assert instance.ledger.head() == before


def test_what_waits_is_anchored_once(instance, intervals):
    with Silence(instance.ledger, "anchor"):
        assert refused(intervals.beat) is Reason.LEDGER_UNAVAILABLE
    for _ in range(2):
        anchor_interval(instance.store, instance.ledger, instance.operator, instance.now)
    assert instance.ledger.stream_head(RELAYER, ACCESS_LOG).number == 1
    assert intervals.waiting() == []


@pytest.mark.parametrize("ahead", [3 * DAY, 400 * DAY])
def test_k16_an_interval_is_anchored_by_the_clock_of_the_ledger_before_a_block_shows_it(instance, ahead):
    own = instance.now()
    instance.chain.pass_time(ahead)
    operator, workers = instance.operator, instance.workers
    AccessIntervals(instance.store, instance.ledger, operator, lambda: own, workers).beat()
    assert instance.ledger.stream_head(RELAYER, ACCESS_LOG).number == 1


def test_an_interval_is_a_batch_of_one_leaf():
    batch = batch_of(RELAYER, 3, b"r" * 32, NO_ROOT, 9)
    assert (batch.stream, batch.number, batch.size) == (ACCESS_LOG, 3, CHECKPOINT_SIZE)
    assert (batch.superseded_digest, batch.deadline) == (bytes(32), 9)
