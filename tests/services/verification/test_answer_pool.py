"""Groups of answers: what a worker dies of costs only whoever asked for it."""

import os
import signal

import pytest

from api.services.verification import answer_builder
from api.services.verification.answer_builder import AnswerPool
from api.work.worker_pool import WorkerDiedError, WorkerPool
from ledger_node.domain.reason import Reason

POISON = "poison"


def build_or_die(group):
    """Stand in for what builds answers, in a worker process."""
    if POISON in group:
        os.kill(os.getpid(), signal.SIGKILL)
    return [(one.upper(), {}) for one in group]


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(answer_builder, "_build_in_worker", build_or_die)
    made = object.__new__(AnswerPool)
    made._workers = WorkerPool(1)
    yield made
    made.close()


def test_l8_what_workers_die_of_fails_alone_and_the_others_of_its_group_are_answered(pool):
    (first, _), (died, timings), (last, _) = pool.build(["one", POISON, "two"])
    assert (first, last, timings) == ("ONE", "TWO", {})
    assert isinstance(died, WorkerDiedError)
    assert died.reason is Reason.WORKER_DIED
    assert pool.build(["three"]) == [("THREE", {})]
