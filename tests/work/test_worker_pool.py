"""Worker processes: results in order, a second try for what a worker died of, and none that outlives its parent."""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.work.fault import WorkerFault
from api.work.worker_pool import WorkerDiedError, WorkerPool
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

ROOT = Path(__file__).parents[2]
PARENT = """
import time
from tests.work.test_worker_pool import process
from api.work.worker_pool import WorkerPool
if __name__ == "__main__":
    print(WorkerPool(1).do(process), flush=True)
    time.sleep(600)
"""


def process():
    return os.getpid()


def slow_square(number):
    time.sleep(0.02 * (3 - number))
    return number * number, os.getpid()


def refuse():
    raise InvalidInputError(Reason.VALUE_MALFORMED, "no", field="it")


def fault():
    class UnknownError(Exception):
        """No other process can read it."""

    raise UnknownError("4711")


def die(marks, times):
    """End the process at once, ``times`` times; ``marks``: a folder that counts."""
    count = len(list(marks.iterdir()))
    if count < times:
        (marks / str(count)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def remember(word):
    os.environ["REMEMBERED"] = word  # noqa: TID251 - a worker's own


def remembered():
    return os.environ["REMEMBERED"]  # noqa: TID251 - a worker's own


@pytest.fixture
def pool():
    made = WorkerPool(1, remember, ("given",))
    yield made
    made.close()


def lives(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until(condition):
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_results_come_in_the_order_of_the_work_and_from_other_processes():
    pool = WorkerPool(2)
    try:
        found = pool.do_all(slow_square, [(number,) for number in range(4)])
    finally:
        pool.close()
    assert [square for square, _ in found] == [0, 1, 4, 9]
    assert os.getpid() not in {number for _, number in found}


def test_without_workers_this_process_does_it():
    assert WorkerPool(0).do(process) == os.getpid()


def test_a_worker_has_what_it_was_begun_with_and_refusals_keep_their_reason(pool):
    pool.start()
    assert pool.do(remembered) == "given"
    with pytest.raises(InvalidInputError) as refused:
        pool.do(refuse)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, "it")


def test_a_fault_that_cannot_travel_is_told_by_its_kind_and_place(pool):
    with pytest.raises(WorkerFault) as failed:
        pool.do(fault)
    assert re.fullmatch(r"UnknownError at \S+test_worker_pool\.py:\d+", failed.value.fault)


def test_several_threads_share_the_workers(pool):
    with ThreadPoolExecutor(8) as threads:
        assert [square for square, _ in threads.map(lambda n: pool.do(slow_square, n % 3), range(24))] == [0, 1, 4] * 8


def test_n1_an_idle_worker_that_died_is_replaced(pool):
    before = pool.do(process)
    os.kill(before, signal.SIGKILL)
    until(lambda: not lives(before))
    assert pool.do(process) != before


def test_n1_what_a_worker_died_of_is_done_again_by_a_new_one(pool, tmp_path):
    before = pool.do(process)
    assert pool.do(die, tmp_path, 1) == "done"
    assert pool.do(process) != before


def test_work_that_kills_every_worker_is_an_error_and_no_end(pool, tmp_path):
    with pytest.raises(WorkerDiedError) as died:
        pool.do(die, tmp_path, 100)
    assert died.value.reason is Reason.WORKER_DIED
    assert len(list(tmp_path.iterdir())) == 2
    assert pool.do(remembered) == "given"


def test_a_worker_ends_with_a_parent_that_is_killed():
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        assert lives(worker)
        parent.kill()
    until(lambda: not lives(worker))


def niceness():
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_workers_stand_back_where_they_should():
    pool = WorkerPool(1, nice=3)
    try:
        assert pool.do(niceness) == niceness() + 3
    finally:
        pool.close()
