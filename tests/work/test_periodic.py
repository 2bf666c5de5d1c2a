"""A beat goes on whatever comes of the work, and ends when it is told to."""

import threading

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
    stopping = threading.Event()
    Periodic(lambda: None, interval_s=0, name="a beat", stopping=stopping).stop()
    assert stopping.is_set()
