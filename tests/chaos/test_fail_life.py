"""The watch over processes that die tells a death at a commit point from one that nobody ordered (L9)."""

import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from tests.kit.chaos.fail_life import Deaths, Life
from tests.kit.chaos.fail_process import Process

POINT = "commit job.take after"


@pytest.fixture
def child():
    """A process that does nothing, and is ended with the test."""
    made = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield made
    made.kill()
    made.wait()
    made.stdin.close()


@pytest.fixture
def watched(tmp_path, child):
    """A watch over that process alone, as it is while nothing is looked at by itself."""
    tape = tmp_path / "tape"
    life = Life.__new__(Life)
    vars(life).update(
        home=SimpleNamespace(path=tmp_path),
        deaths=Deaths(),
        count=0,
        faults=[],
        _full=False,
        _excused=set(),
        _stopping=threading.Event(),
        _guard=threading.Lock(),
        _armed=tmp_path / "armed",
        _label=None,
        _left=1,
        _processes={"api": Process(child.pid, tape)},
        wait_ready=lambda: None,
    )
    for kind in ("node", "api"):
        (tmp_path / f"{kind}.log").touch()
    return life, tape


def dies(life, child):
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert life._processes["api"].is_dead()
    life._bury("api")


@pytest.mark.chaos
def test_l9_a_death_whose_words_were_read_before_it_came_is_no_fault(watched, child):
    """A process writes where it dies, and is dead a moment later: a step that ends just then reads the words."""
    life, tape = watched
    tape.write_text(f"P {POINT}\nK {POINT}\n")
    life._note(life._processes["api"])
    dies(life, child)
    assert life.faults == []
    assert (life.count, life.deaths.at, life.deaths.passed) == (1, {POINT: 1}, {POINT})


@pytest.mark.chaos
def test_l9_a_process_that_ends_without_a_word_is_a_fault(watched, child):
    life, tape = watched
    tape.write_text(f"P {POINT}\n")
    life._note(life._processes["api"])
    dies(life, child)
    (fault,) = life.faults
    assert fault.startswith("the api ended by itself")
    assert life.count == 0


@pytest.mark.chaos
def test_l9_a_step_does_not_end_before_the_death_that_was_announced_in_it(watched, child):
    """It would take the mark of the next step with it."""
    life, tape = watched
    tape.write_text(f"P {POINT}\nK {POINT}\n")
    ending = threading.Thread(target=life.disarm)
    ending.start()
    ending.join(0.2)
    assert ending.is_alive()
    child.send_signal(signal.SIGKILL)
    child.wait()
    ending.join()
    assert life.count == 1
