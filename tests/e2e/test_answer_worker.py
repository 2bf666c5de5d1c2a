"""Answers that worker processes make: they check offline, and a worker's death costs nobody a use or an answer."""

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.lab.demo.server import InstanceProcess
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.kit.served import Place, seen

QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
USES = 3
HANG_S = 240
"""No test measures time: whatever takes so long hangs."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")
    with contextlib.closing(Place(folder, InstanceProcess(folder / "credence", processes=2))) as made:
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
    answer = place.verify(consent, [QUESTION])
    assert seen(answer) == [("holds", None)]
    assert len(workers(place.served)) == 1
    evidence = place.bank.evidence(answer["use"]["id"])
    assert examine(evidence, place.ledger.trust()).failed is None


def test_n1_a_worker_that_is_killed_costs_no_answer_and_no_use(place):
    """Once a round: what a worker dies of is done again, and the next death waits until that is answered."""
    before, answers, deadline = warned(place), [], time.monotonic() + HANG_S
    with ThreadPoolExecutor(USES) as threads:
        while warned(place) < before + 2:
            assert time.monotonic() < deadline, "no worker died at work"
            until(lambda: workers(place.served))
            consent = place.grant(QUESTION, uses=USES)
            asked = [threads.submit(lambda consent=consent: place.verify(consent, [QUESTION])) for _ in range(USES)]
            kill(workers(place.served))
            answers += [one.result(HANG_S) for one in asked]
    assert [seen(answer) for answer in answers] == [[("holds", None)]] * len(answers)
    uses = [answer["receipt"]["number"] for answer in answers]
    assert [sorted(uses[at : at + USES]) for at in range(0, len(uses), USES)] == [[1, 2, 3]] * (len(uses) // USES)


def test_l8_work_that_two_workers_die_of_is_refused_for_now_and_its_use_is_found_again(place):
    consent, stop = place.grant(QUESTION, uses=USES), threading.Event()
    headers = {"Idempotency-Key": f'"{random_bytes(16).hex()}"'}
    body = place.body(consent, [QUESTION])
    http = place.http("demo-bank")

    def kill_them():
        while not stop.wait(0.001):
            kill(workers(place.served))

    until(lambda: workers(place.served))
    kill(workers(place.served))
    with ThreadPoolExecutor(1) as threads:
        killing = threads.submit(kill_them)
        try:
            refused = http.post("/v1/verifications", json=body, headers=headers)
        finally:
            stop.set()
        killing.result(HANG_S)
    assert (refused.status_code, refused.json()["reason"]) == (503, "worker_died")
    assert refused.headers["Retry-After"] == "1"
    counted = place.ledger.counted_uses([from_hex(consent, "consent")])
    answer = http.post("/v1/verifications", json=body, headers=headers)
    assert (answer.status_code, seen(answer.json())) == (200, [("holds", None)])
    assert place.ledger.counted_uses([from_hex(consent, "consent")]) == counted
    (use,) = counted[from_hex(consent, "consent")]
    assert (answer.json()["use"]["id"], answer.json()["receipt"]["number"]) == (to_hex(use.ticket), 1)
    listed = place.shop.client.get("/v1/access-log")["rows"]
    reasons = [entry["row"]["reason"] for entry in listed if entry["row"]["use"] == to_hex(use.ticket)]
    assert sorted(map(str, reasons)) == ["None", "worker_died"]
    # the worker process is there again for everybody else
    assert seen(place.verify(consent, [QUESTION])) == [("holds", None)]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_n1_no_worker_outlives_its_api(tmp_path, ending):
    with stopping(InstanceProcess(tmp_path / "credence", processes=2)) as served:
        # they start with it, so that nobody waits for them
        until(lambda: len(workers(served)) == 1)
        (worker,) = workers(served)
        os.kill(served.pid, ending)
        served.wait()
        until(lambda: not lives(worker))


def kill(processes):
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def lives(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
