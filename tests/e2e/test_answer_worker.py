"""Answers that worker processes make: they check offline, and a worker's death costs nobody a use or an answer."""

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from served_kit import Place, seen

from api.demo.server import Served
from ledger_node.domain.evidence.check import examine

QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
USES = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    with contextlib.closing(Place(folder, Served(folder / "credence", processes=2))) as made:
        yield made


@contextlib.contextmanager
def stopping(served):
    try:
        yield served
    finally:
        served.stop()


def children(process):
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def workers(served):
    """Return the processes that make answers: children that Python's multiprocessing has started."""
    found = []
    for child in children(served.pid):
        with contextlib.suppress(FileNotFoundError):
            words = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in words:
                found.append(child)
    return found


def warned(place):
    return (place.home.path / "serve.log").read_text("utf-8").count("a worker process died")


def test_an_answer_is_made_in_a_worker_and_its_evidence_checks(place):
    consent = place.grant(QUESTION)
    answer = place.bank.verify(consent, [QUESTION])
    assert seen(answer) == [("holds", None)]
    assert len(workers(place.served)) == 1
    evidence = place.bank.evidence(answer["use"]["id"])
    assert examine(evidence, place.ledger.trust()).failed is None


def test_n1_a_worker_that_is_killed_costs_no_answer_and_no_use(place):
    before, stop = warned(place), threading.Event()

    def kill_them():
        # a new one takes about a second to begin, and what two of them died of is refused
        while not stop.wait(2.5):
            for worker in workers(place.served):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    def ask(consent):
        return place.client("demo-bank").verify(consent, [QUESTION])

    with ThreadPoolExecutor(5) as threads:
        killing = threads.submit(kill_them)
        try:
            answers = []
            while warned(place) < before + 2:
                answers += threads.map(ask, [place.grant(QUESTION, uses=USES)] * USES)
        finally:
            stop.set()
        killing.result()
    assert [seen(answer) for answer in answers] == [[("holds", None)]] * len(answers)
    uses = [answer["receipt"]["number"] for answer in answers]
    assert [sorted(uses[at : at + USES]) for at in range(0, len(uses), USES)] == [[1, 2, 3]] * (len(uses) // USES)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_n1_no_worker_outlives_its_api(tmp_path, ending):
    with stopping(Served(tmp_path / "credence", processes=2)) as served:
        # they start with it, so that nobody waits for them
        until(lambda: len(workers(served)) == 1)
        (worker,) = workers(served)
        os.kill(served.pid, ending)
        served.wait()
        until(lambda: not lives(worker))


def lives(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
