"""A beat goes on whatever comes of the work, and ends when it is told to."""

import threading
import time

from api.work.periodic import Periodic
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

HANG_S = 240


def test_l3_a_beat_goes_on_after_errors_and_faults_until_it_is_stopped(caplog):
    times, enough = [], threading.Event()

    def work():
        times.append(threading.current_thread().name)
        if len(times) == 3:
            enough.set()
        raise ValueError("4711") if len(times) == 1 else ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    beat = Periodic(work, interval_s=0, name="a beat")
    beat.start()
    assert enough.wait(HANG_S)
    beat.stop()
    after = len(times)
    assert set(times) == {"a beat"}
    assert not beat._thread.is_alive()
    assert len(times) == after
    assert "ValueError at" in caplog.text
    assert "4711" not in caplog.text


def test_l3_one_that_never_began_can_be_stopped():
    rounds = Periodic(lambda: None, interval_s=0, name="rounds")
    assert not rounds.is_stopping
    rounds.stop()
    assert rounds.is_stopping


class Rounds:
    """Rounds of ``work``, and when each began."""

    def __init__(self, work=lambda: None, **options):
        self.began = []
        self._enough = threading.Event()
        self._work = work
        self.periodic = Periodic(self._note, name="rounds", **options)

    def _note(self):
        self.began.append(time.monotonic())
        if len(self.began) == 3:
            self._enough.set()
        self._work()

    def run(self):
        """Run three rounds, or some more."""
        start = time.monotonic()
        self.periodic.start()
        assert self._enough.wait(HANG_S)
        self.periodic.stop()
        return [at - start for at in self.began]


def test_the_first_round_comes_an_interval_after_the_start_or_with_it():
    assert Rounds(interval_s=0.05).run()[0] >= 0.05
    assert Rounds(interval_s=0.05, starts_at_once=True).run()[1] >= 0.05
    never = Periodic(lambda: None, interval_s=HANG_S, name="rounds")
    never.start()
    never.stop()


def test_a_long_round_moves_the_next_one_unless_the_beat_is_steady():
    def work():
        time.sleep(0.2)

    loose, steady = (Rounds(work, interval_s=0.25, is_steady=each).run() for each in (False, True))
    assert loose[2] - loose[0] >= 0.9
    assert 0.7 <= steady[2] < loose[2] + 0.1


def test_a_round_that_took_too_long_is_followed_by_one_at_once_and_not_by_two():
    pauses = iter([0.3, 0, 0, 0, 0])
    first, second, third = Rounds(lambda: time.sleep(next(pauses, 0)), interval_s=0.1, is_steady=True).run()[:3]
    assert second - first >= 0.3
    assert third - second >= 0.09


def test_work_that_is_another_processs_is_left_to_it():
    asked, enough, done = [], threading.Event(), []

    def may_work():
        asked.append(True)
        if len(asked) == 3:
            enough.set()
        return False

    periodic = Periodic(lambda: done.append(True), interval_s=0, name="rounds", may_work=may_work)
    periodic.start()
    assert enough.wait(HANG_S)
    periodic.stop()
    assert done == []
    assert periodic.failure is None


def test_work_that_fails_holds_up_no_other_of_its_round_and_shows_until_a_round_is_good(caplog):
    errors = [ChainError(Reason.LEDGER_UNAVAILABLE, "no answer"), ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")]
    errors += [ValueError("4711")]
    seen, times, enough = [], [], threading.Event()

    def fail():
        seen.append(periodic.failure)
        if errors:
            raise errors.pop(0)

    def other():
        times.append(True)
        if len(times) == 5:
            enough.set()

    periodic = Periodic(fail, other, interval_s=0, name="rounds")
    periodic.start()
    assert enough.wait(HANG_S)
    periodic.stop()
    assert [failure and failure[0] for failure in seen[:5]] == [
        None,
        Reason.LEDGER_UNAVAILABLE,
        Reason.LEDGER_UNAVAILABLE,
        Reason.INTERNAL,
        None,
    ]
    assert seen[1][1] <= seen[3][1]
    assert caplog.text.count("rounds must wait: ledger_unavailable") == 1
    assert "fault in rounds: ValueError at" in caplog.text
