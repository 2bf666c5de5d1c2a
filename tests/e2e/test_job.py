"""F6: a job goes on where it stopped, and one that ends badly says how far it came; F2 across blocks."""

import asyncio
import time
from contextlib import contextmanager

import pytest

from api.home.home import Home
from api.ingestion.reader import Format
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from api.services.issuing import worker
from api.services.issuing.job import result_rows, show_job
from api.services.issuing.worker import JobWorker
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.clock import AheadNode
from tests.kit.postgres import usual_database
from tests.kit.served import write_rows

PATIENCE_S = 60


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("job") / "credence")
    database_url, keys_url = usual_database(), usual_database()
    found_instance(home, database_url=database_url, keys_url=keys_url)
    made = AheadNode(home)
    made.home, made.database_url, made.keys_url = home, database_url, keys_url
    yield made
    made.stop()


@pytest.fixture(scope="module")
def instance(node):
    made = open_instance(node.home, [node.url], processes=1, database_url=node.database_url, keys_url=node.keys_url)
    yield made
    made.store.dispose()


@pytest.fixture
def tax(node, instance, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "BLOCK", 2)
    return Tax(node, instance, tmp_path)


class Tax:
    """The tax bureau, whose jobs run as a test says. A block is of two rows."""

    def __init__(self, node, instance, folder):
        self.member = next(member.id for member in node.home.members() if member.slug == "tax-bureau")
        self.instance, self.folder = instance, folder
        self.issuer = instance.jobs._issuers[self.member]

    def life(self):
        """Return the jobs as the next process has them."""
        jobs = self.instance.jobs
        return JobWorker(jobs._store, self.instance.keys, jobs._removals, jobs._issuers, jobs._clock)

    def send(self, rows, **options):
        data = write_rows(self.folder / "rows.csv", "tax_payment", rows).read_bytes()

        async def body():
            yield data

        received = self.instance.jobs.uploads.receive(
            self.member, "tax_payment", Format.CSV, body(), max_bytes=1 << 20, **options
        )
        return asyncio.run(received)

    def finish(self):
        jobs = self.life()
        while jobs._step():
            pass

    def show(self, job):
        return show_job(self.instance.store, job, self.member)

    def outcomes(self, job):
        rows = result_rows(self.instance.store, job, after=0, limit=100, only=None)
        return [(row["line"], row.get("reason", row["status"])) for row in rows]

    @contextmanager
    def fails(self, part, name, error, *, at=1):
        """Raise ``error`` where a part of the issuer is called for the time number ``at``, and ever after."""
        *within, last = part.split(".")
        owner = getattr(self.issuer, within[0]) if within else self.issuer
        calls, real = 0, getattr(owner, last)

        class Failing:
            def __getattr__(self, wanted):
                if wanted != name:
                    return getattr(real, wanted)

                def called(*arguments, **options):
                    nonlocal calls
                    calls += 1
                    if calls >= at:
                        raise error
                    return getattr(real, wanted)(*arguments, **options)

                return called

        setattr(owner, last, Failing())
        try:
            yield
        finally:
            setattr(owner, last, real)


def firm():
    return int.from_bytes(random_bytes(3), "big")


def wait_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def counts(state):
    names = ("state", "lines_read", "heading", "blank", "issued", "unchanged", "rejected", "next_line")
    return tuple(state[name] for name in names)


def test_f6_a_job_that_ends_badly_says_how_far_it_came_and_the_file_again_does_the_rest(tax):
    rows = [(firm(), {"所属年度": year}) for year in ("2025", "1900", "2025", "2025", "2025", "2025")]
    job = tax.send(rows)
    with tax.fails("_pool", "commit", RuntimeError("a fault of ours"), at=2):
        tax.finish()
    state = tax.show(job)
    assert state["reason"] == "internal"
    # the heading, two rows and a rejection are done; the rest is not, and is not said to be
    assert counts(state) == ("failed", 4, 1, 0, 2, 0, 1, 5)
    assert tax.outcomes(job) == [(2, "issued"), (3, "value_out_of_bounds"), (4, "issued")]
    again = tax.send(rows)
    tax.finish()
    assert counts(tax.show(again)) == ("done", 7, 1, 0, 3, 2, 1, None)


@pytest.mark.parametrize(
    ("part", "name", "error"),
    [
        ("_anchors._ledger", "anchor", ChainError(Reason.LEDGER_REFUSED, "no")),
        ("_keys", "put", StoreError(Reason.STORE_UNAVAILABLE, "full")),
    ],
)
def test_f6_a_job_that_waits_says_for_what_and_how_far_it_came(tax, part, name, error):
    job = tax.send([(firm(), {}) for _ in range(5)])
    jobs = tax.life()
    with tax.fails(part, name, error, at=2):
        jobs.start()
        wait_until(lambda: tax.show(job)["reason"] == error.reason)
        state = tax.show(job)
        # a block that is stored and waits for its anchor counts as read
        assert counts(state)[0:2] in {("running", 3), ("running", 5)}
        assert state["lines_read"] == 1 + state["issued"]
        assert state["message"]
    wait_until(lambda: tax.show(job)["state"] == "done")
    jobs.stop()
    assert counts(tax.show(job)) == ("done", 6, 1, 0, 5, 0, 0, None)
    assert tax.show(job)["reason"] is None


@pytest.mark.parametrize(("part", "name"), [("_keys", "put"), ("_anchors._ledger", "anchor"), ("_pool", "commit")])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_f2_f6_whoever_is_killed_goes_on_and_every_line_comes_to_what_the_file_says(tax, part, name, at):
    twice, same = firm(), firm()
    rows = [(twice, {}), (same, {}), *[(firm(), {}) for _ in range(4)], (same, {}), (twice, {"实缴税额（元）": "5.00"})]
    job = tax.send(rows)
    with tax.fails(part, name, Killed(), at=at), pytest.raises(Killed):
        tax.life()._step()
    assert tax.show(job)["state"] == "running"
    tax.finish()
    assert counts(tax.show(job)) == ("done", 9, 1, 0, 5, 0, 3, None)
    assert tax.outcomes(job) == [
        (2, "row_conflict"),
        *[(line, "issued") for line in range(3, 8)],
        (8, "row_repeated"),
        (9, "row_conflict"),
    ]


def test_f2_the_same_file_again_comes_to_the_same_rejections(tax):
    twice = firm()
    rows = [(twice, {}), *[(firm(), {}) for _ in range(7)], (twice, {"近12个月按期缴纳月数": "3"})]
    first = tax.send(rows)
    tax.finish()
    expected = [(2, "row_conflict"), *[(line, "issued") for line in range(3, 10)], (10, "row_conflict")]
    assert tax.outcomes(first) == expected
    again = tax.send(rows)
    tax.finish()
    assert tax.outcomes(again) == [(line, outcome.replace("issued", "unchanged")) for line, outcome in expected]


def test_f7_blank_lines_are_counted_also_where_there_is_nothing_else(tax):
    job = tax.send([])
    tax.finish()
    assert counts(tax.show(job)) == ("done", 1, 1, 0, 0, 0, 0, None)
