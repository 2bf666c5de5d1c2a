"""Jobs: an upload is acknowledged and then issued, each line once, whatever comes between."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from api.ingestion.reader import Format
from api.services.issuing.job import result_rows, show_job
from api.services.issuing.worker import JobWorker, issue_job
from api.storage import table
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, TAX, Silence, refused
from tests.kit.upload import csv_text

PATIENCE_S = 30
SLEEP = time.sleep


@pytest.fixture
def jobs(instance):
    return JobWorker(instance.store, instance.keys, instance.removals, instance.issuers, instance.now)


@pytest.fixture
def text(instance):
    """Two good rows, a blank line, and a bad row."""
    good = [{"统一社会信用代码": instance.new_code()} for _ in range(2)]
    return csv_text(*good) + "\r\n" + csv_text({"实缴税额（元）": "many"}).split("\r\n")[1] + "\r\n"


def receive(jobs, text, schema="tax_payment", most=10**6):
    async def parts():
        yield text.encode()[:100]
        yield text.encode()[100:]

    return asyncio.run(jobs.uploads.receive(TAX, schema, Format.CSV, parts(), max_bytes=most))


def finished(instance, jobs, job):
    """Let the worker run until the job is over."""
    jobs.start()
    deadline = time.monotonic() + PATIENCE_S
    while (shown := show_job(instance.store, job, TAX))["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, shown
        SLEEP(0.005)
    jobs.stop()
    return shown


def test_an_upload_is_issued_line_by_line(instance, jobs, text):
    job = receive(jobs, text)
    assert show_job(instance.store, job, TAX)["state"] == "queued"
    shown = finished(instance, jobs, job)
    counts = [shown[name] for name in ("lines_read", "heading", "blank", "issued", "unchanged", "rejected")]
    assert (shown["state"], counts, shown["next_line"]) == ("done", [5, 1, 1, 2, 0, 1], None)
    assert instance.ledger.stream_head(TAX, 0).total == 2
    results = result_rows(instance.store, job, after=0, limit=10, only=None)
    assert [(one["line"], one["status"]) for one in results] == [(2, "issued"), (3, "issued"), (5, "rejected")]
    assert result_rows(instance.store, job, after=2, limit=1, only=None) == results[1:2]
    assert result_rows(instance.store, job, after=0, limit=10, only="rejected") == results[2:]
    with instance.store.connect() as connection:
        assert connection.execute(select(table.job_chunk)).all() == []


def test_what_was_uploaded_before_is_unchanged(instance, jobs, text):
    receive(jobs, text)
    shown = finished(instance, jobs, receive(jobs, text))
    assert (shown["issued"], shown["unchanged"], shown["rejected"]) == (0, 2, 1)
    results = result_rows(instance.store, shown["job"], after=0, limit=10, only="unchanged")
    assert [one["line"] for one in results] == [2, 3]


def test_a_job_is_shown_to_its_department_only(instance, jobs, text):
    job = receive(jobs, text)
    assert (
        show_job(instance.store, job, REGISTRAR),
        show_job(instance.store, "no id", TAX),
        show_job(instance.store, "0" * 32, TAX),
    ) == (None, None, None)


def test_an_upload_that_is_too_large_fails(instance, jobs, text):
    assert refused(receive, jobs, text, most=150) is Reason.TOO_LARGE
    with instance.store.connect() as connection:
        (row,) = connection.execute(select(table.job)).all()
        assert (row.state, row.reason) == ("failed", "too_large")
        assert connection.execute(select(table.job_chunk)).all() == []


def test_a_type_that_others_answer_for_is_refused(jobs, text):
    assert refused(receive, jobs, text, schema="penalty_summary") is Reason.ISSUER_NOT_ALLOWED
    assert refused(receive, jobs, text, schema="nothing") is Reason.SCHEMA_UNKNOWN


def job_row(instance, job):
    with instance.store.connect() as connection:
        return connection.execute(select(table.job).where(table.job.c.id == job)).one()


def run(instance, job, text, *, stops=lambda: False):
    """Issue what is left of a job, as its worker does."""
    with instance.store.begin() as connection:
        connection.execute(table.job.update().values(state="running"))
    row = job_row(instance, job)
    return issue_job(instance.issuers[TAX], row, lambda: iter([text.encode()]), instance.now, stops)


def test_a_job_that_is_to_stop_issues_nothing_more(instance, jobs, text):
    job = receive(jobs, text)
    assert not run(instance, job, text, stops=lambda: True)
    assert job_row(instance, job).lines_read == 0
    assert run(instance, job, text)
    assert job_row(instance, job).lines_read == 5


@pytest.mark.parametrize("lands", [True, False])
def test_a_block_that_was_stored_and_not_anchored_is_not_issued_again(instance, jobs, text, lands):
    job = receive(jobs, text)
    with Silence(instance.ledger, "anchor", lands=lands):
        assert refused(run, instance, job, text) is Reason.LEDGER_UNAVAILABLE
    assert job_row(instance, job).lines_read == 5
    assert run(instance, job, text)
    assert (job_row(instance, job).issued, instance.ledger.stream_head(TAX, 0).total) == (2, 2)


def test_a_block_of_a_job_that_another_process_works_on_does_not_stand(instance, jobs, text):
    job = receive(jobs, text)
    stale = SimpleNamespace(**job_row(instance, job)._mapping)
    assert run(instance, job, text)
    other = csv_text({"统一社会信用代码": instance.new_code()})
    call = (issue_job, instance.issuers[TAX], stale, lambda: iter([other.encode()]), instance.now, lambda: False)
    assert refused(*call) is Reason.STORE_UNAVAILABLE
    assert instance.ledger.stream_head(TAX, 0).total == 2
