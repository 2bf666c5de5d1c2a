"""Work in groups: everybody gets their own result, and what waits together is done together."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.work.batching import Batcher, GroupWork


class Gate:
    """Work that waits until it may go on, and notes its groups."""

    def __init__(self):
        self.groups = []
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, group):
        self.groups.append(list(group))
        self.entered.set()
        assert self.open.wait(30)
        return [ValueError(f"no {item}") if item < 0 else item * 10 for item in group]


@pytest.fixture
def work():
    gates = []

    def start(work, most=8, busy=lambda: 0):
        made = GroupWork(work, name="work", threads=1, most=most, busy=busy)
        made.start()
        gates.append(made)
        return made

    yield start
    for made in gates:
        made.stop()


def waiting(made, count):
    """Wait until so many items wait."""
    for _ in range(3000):
        if len(made) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(len(made))


def test_what_comes_while_a_group_is_worked_on_is_the_next_group(work):
    gate = Gate()
    made = work(gate, most=3)
    first = made.submit(1)
    assert gate.entered.wait(30)
    later = {n: made.submit(n) for n in (2, 3, 4, 5)}
    waiting(made, 4)
    gate.open.set()
    assert first.result(30) == 10
    assert {n: future.result(30) for n, future in later.items()} == {2: 20, 3: 30, 4: 40, 5: 50}
    assert [len(group) for group in gate.groups] == [1, 3, 1]


def test_an_error_of_one_is_not_that_of_the_others(work):
    gate = Gate()
    gate.open.set()
    made = work(gate)
    good, bad = made.submit(1), made.submit(-1)
    assert good.result(30) == 10
    with pytest.raises(ValueError, match="no -1"):
        bad.result(30)


def test_a_group_that_fails_as_a_whole_is_an_error_for_each_and_the_next_one_is_worked_on(work):
    calls = []

    def fragile(group):
        calls.append(group)
        if len(calls) == 1:
            raise OSError("disk full")
        return list(group)

    made = work(fragile)
    with pytest.raises(OSError, match="disk full"):
        made.submit(1).result(30)
    assert made.submit(2).result(30) == 2


def test_stopping_works_on_what_waits_first():
    gate = Gate()
    made = GroupWork(gate, name="work", threads=1, most=8)
    made.start()
    with ThreadPoolExecutor(1) as callers:
        first = made.submit(1)
        assert gate.entered.wait(30)
        second = made.submit(2)
        waiting(made, 1)
        stopping = callers.submit(made.stop)
        gate.open.set()
        stopping.result(30)
        assert (first.result(30), second.result(30)) == (10, 20)


def test_a9_those_for_whom_items_wait_take_turns():
    taken, entered, opened = [], threading.Event(), threading.Event()

    def work(group):
        taken.append(list(group))
        entered.set()
        assert opened.wait(30)

    groups = Batcher(work, name="work", threads=1, most=3)
    groups.start()
    groups.put("first", b"flood")
    assert entered.wait(30)
    for number in range(6):
        groups.put(f"flood {number}", b"flood")
    groups.put("a", b"a")
    groups.put("b", b"b")
    groups.put("a again", b"a")
    opened.set()
    groups.stop()
    assert taken[1] == ["flood 0", "a", "b"]
    assert taken[2] == ["flood 1", "a again", "flood 2"]
    assert [item for group in taken[3:] for item in group] == ["flood 3", "flood 4", "flood 5"]


@pytest.fixture
def gathering():
    """Groups of at most three that gather, and a queue of the groups that set out."""
    groups = queue.Queue()
    made = Batcher(groups.put, name="gather", threads=1, most=3, waits_for_full=True)
    made.start()
    yield made, groups
    made.stop()


def test_a_group_that_gathers_sets_out_when_the_one_before_is_over(gathering):
    made, groups = gathering
    made.put(1, b"a")
    assert groups.get(timeout=30) == [1]
    made.put(2, b"a")
    made.put(3, b"b")
    with pytest.raises(queue.Empty):
        groups.get(timeout=0.2)
    made.finished(1)
    assert groups.get(timeout=30) == [2, 3]


def test_a_group_is_over_when_its_last_item_is(gathering):
    made, groups = gathering
    made.put(0, b"a")
    assert groups.get(timeout=30) == [0]
    for item in (1, 2, 3):
        made.put(item, b"a")
    assert groups.get(timeout=30) == [1, 2, 3]
    made.finished(1)
    made.put(4, b"a")
    made.finished(1)
    with pytest.raises(queue.Empty):
        groups.get(timeout=0.2)
    made.finished(2)
    assert groups.get(timeout=30) == [4]


def test_a_full_group_does_not_wait_for_the_one_before(gathering):
    made, groups = gathering
    made.put(1, b"a")
    assert groups.get(timeout=30) == [1]
    for item in (2, 3, 4, 5):
        made.put(item, b"a")
    assert groups.get(timeout=30) == [2, 3, 4]
    with pytest.raises(queue.Empty):
        groups.get(timeout=0.2)


def test_what_gathers_is_worked_on_before_the_end(gathering):
    made, groups = gathering
    made.put(1, b"a")
    assert groups.get(timeout=30) == [1]
    made.put(2, b"a")
    made.stop()
    assert groups.get(timeout=30) == [2]


def test_while_much_is_busy_elsewhere_a_group_waits_for_its_share(work, monkeypatch):
    monkeypatch.setattr("api.work.batching._PATIENCE_S", 3600)
    gate = Gate()
    gate.open.set()
    made = work(gate, busy=lambda: 64)
    first = made.submit(1)
    assert not gate.entered.wait(0.1)
    assert (made.submit(2).result(30), first.result(30)) == (20, 10)
    assert gate.groups == [[1, 2]]


def test_a_full_group_sets_out_however_much_is_busy(work, monkeypatch):
    monkeypatch.setattr("api.work.batching._PATIENCE_S", 3600)
    gate = Gate()
    gate.open.set()
    made = work(gate, most=2, busy=lambda: 1000)
    assert [future.result(30) for future in [made.submit(1), made.submit(2)]] == [10, 20]


def test_nobody_waits_long_for_a_share_that_does_not_come(work):
    gate = Gate()
    gate.open.set()
    assert work(gate, busy=lambda: 1000).submit(1).result(30) == 10
