"""/readyz fails when the chain stands still, the store refuses or uses cannot be sent, whatever the clocks say."""

import time

import pytest

from api.telemetry.readiness import head_age_limit
from api.telemetry.sampler import HeadAge
from ledger_node import clock
from ledger_node.chain.port import Block
from ledger_node.chain.sender import OutboxHealth

LIMIT = head_age_limit(60)


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self):
        self.s = 1_000.0

    def __call__(self):
        return self.s


@pytest.fixture
def later(inside, monkeypatch):
    """Moves the clock by which heads grow old."""
    head = inside.served.instance.head
    true = head._monotonic
    moved = Clock()
    moved.s = 0
    monkeypatch.setattr(head, "_monotonic", lambda: true() + moved.s)
    return moved


def ready(place):
    answer = place.http().get("/readyz")
    body = answer.json()
    return answer.status_code, body.get("reason", body["status"]), body


def test_a_head_is_as_old_as_the_time_since_it_was_first_seen():
    now = Clock()
    head = HeadAge(now)
    assert (head.age_s, head.block) == (0, None)
    now.s += 50
    head.observe(Block(7, b"7" * 32, 5))
    assert head.age_s == 0
    now.s += 20
    head.observe(Block(7, b"7" * 32, 5))
    head.observe(Block(6, b"6" * 32, 4))
    assert (head.age_s, head.block.number) == (20, 7)
    head.observe(Block(8, b"8" * 32, 5))
    assert head.age_s == 0


@pytest.mark.parametrize(("interval_s", "limit_s"), [(1, 300), (60, 300), (61, 305), (3_600, 18_000)])
def test_five_anchors_that_never_came_make_a_head_old_and_no_less_than_five_minutes(interval_s, limit_s):
    assert head_age_limit(interval_s) == limit_s


def test_an_instance_is_ready_until_its_head_is_old_and_again_with_the_next_anchor(inside, later):
    assert ready(inside)[:2] == (200, "ready")
    later.s = LIMIT
    status, reason, body = ready(inside)
    # the head may be seen for some moments already
    assert (status, reason) == (503, "ledger_stale")
    assert "the chain stands still" in body["detail"]
    assert "look at" in body["detail"]
    assert body["trace_id"]
    inside.served.instance.intervals.beat()
    assert ready(inside)[:2] == (200, "ready")


@pytest.mark.parametrize("off_s", [-300, 300])
def test_n6_a_host_clock_five_minutes_off_neither_hides_an_old_head_nor_makes_one(inside, later, monkeypatch, off_s):
    true = clock.now
    monkeypatch.setattr(clock, "now", lambda: true() + off_s)
    inside.served.instance.intervals.beat()
    assert ready(inside)[:2] == (200, "ready")
    later.s += LIMIT + 1
    assert ready(inside)[:2] == (503, "ledger_stale")


def test_after_a_start_on_a_chain_that_was_idle_for_long_the_first_anchor_has_its_time(inside):
    inside.served.restart()
    assert ready(inside)[:2] == (200, "ready")
    assert inside.served.instance.head.age_s < LIMIT


def test_a_store_that_refused_a_write_makes_unready_until_one_succeeds(inside):
    instance = inside.served.instance
    instance.store.refuses_writes = True
    status, reason, body = ready(inside)
    assert (status, reason) == (503, "store_unavailable")
    assert "space on its disk" in body["detail"]
    instance.sampler.sample()  # tries a write
    assert ready(inside)[:2] == (200, "ready")


def healths(*ages):
    return [OutboxHealth(bytes([place]) * 20, int(age > 0), age) for place, age in enumerate(ages)]


@pytest.mark.parametrize(
    ("relaying", "registering", "reason"),
    [
        ((LIMIT + 1, LIMIT + 2, LIMIT + 3), (0,), "outbox_stuck"),
        ((LIMIT + 1, LIMIT + 2, 0), (0,), "ready"),
        ((LIMIT - 9, LIMIT - 9, LIMIT - 9), (0,), "ready"),
        ((0, 0, 0), (LIMIT + 9,), "ready"),
    ],
)
def test_it_is_unready_if_no_account_is_left_that_could_send_a_use(inside, monkeypatch, relaying, registering, reason):
    senders = inside.served.instance.senders
    monkeypatch.setattr(senders[0], "health", lambda: healths(*relaying))
    monkeypatch.setattr(senders[1], "health", lambda: healths(*registering))
    assert ready(inside)[1] == reason


def test_what_ready_means_is_shown_with_how_old_the_head_is(inside):
    _, _, body = ready(inside)
    assert body["head_age_s"] >= 0
    assert body["block"] == inside.served.instance.head.block.number
    assert abs(body["block_time"] - time.time()) < 86_400  # noqa: TID251 - the true time
