"""Uploads are spooled sealed, and their jobs wait in order; what broke off fails."""

import asyncio

import pytest
from sqlalchemy import select, update

from api.ingestion.reader import Format
from api.ingestion.row import Rejection
from api.services.issuing.job import JobQueue, Progress, save_progress
from api.services.issuing.upload import Uploads
from api.storage import table
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import REGISTRAR, TAX, refused

WAITS = ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")


@pytest.fixture
def queue(instance):
    return JobQueue(instance.store, instance.removals)


@pytest.fixture
def uploads(instance, queue):
    return Uploads(instance.store, instance.keys, instance.issuers, queue, instance.now, lambda: None)


def receive(uploads, *parts, fault=None):
    async def body():
        for part in parts:
            yield part
        if fault is not None:
            raise fault

    return asyncio.run(uploads.receive(TAX, "tax_payment", Format.CSV, body(), max_bytes=10**7))


def row_of(instance, job):
    with instance.store.connect() as connection:
        return connection.execute(select(table.job).where(table.job.c.id == job)).one()


def spooled(instance):
    with instance.store.connect() as connection:
        return connection.execute(select(table.job_chunk)).all()


def test_an_upload_is_read_as_often_as_needed_and_lies_sealed(instance, uploads, queue):
    parts = [b"a secret of a firm " * 50_000, b"the rest"]
    job = queue.next([TAX])
    assert job is None
    receive(uploads, *parts)
    job = queue.next([TAX])
    read = uploads.content(job)
    assert b"".join(read()) == b"".join(read()) == b"".join(parts)
    assert len(spooled(instance)) == 1
    assert all(b"secret" not in row.sealed for row in spooled(instance))
    assert queue.next([REGISTRAR]) is None


def test_a_job_that_is_over_leaves_nothing_of_its_upload(instance, uploads, queue):
    first, second, third = (receive(uploads, b"content") for _ in range(3))
    assert queue.next([TAX]).id == first
    queue.start(first)
    queue.finish(first)
    queue.fail(second, WAITS)
    assert queue.next([TAX]).id == third
    assert [row.job for row in spooled(instance)] == [third]
    instance.removals.finish()
    for job, state in ((first, "done"), (second, "failed")):
        row = row_of(instance, job)
        assert (row.state, refused(uploads.content, row)) == (state, Reason.UPLOAD_INTERRUPTED)


def test_an_upload_that_broke_off_fails_and_no_other(instance, uploads, queue):
    good = receive(uploads, b"content")
    with pytest.raises(ZeroDivisionError):
        receive(uploads, b"content", fault=ZeroDivisionError())
    with instance.store.begin() as connection:
        broken = connection.execute(select(table.job.c.id).where(table.job.c.state == "receiving")).scalar_one()
        connection.execute(update(table.job).where(table.job.c.id == broken).values(owner=random_bytes(16)))
    uploads.fail_interrupted()
    assert (row_of(instance, broken).state, row_of(instance, broken).reason) == ("failed", "upload_interrupted")
    assert queue.next([TAX]).id == good


def test_a_running_job_says_what_it_waits_for_and_a_failure_only_in_its_state(instance, uploads, queue):
    job = receive(uploads, b"content")
    queue.save_reason(WAITS, [TAX])
    assert row_of(instance, job).reason is None
    queue.start(job)
    queue.save_reason(WAITS, [TAX])
    assert row_of(instance, job).reason == "ledger_unavailable"
    queue.fail(job, WAITS, state="receiving")
    assert row_of(instance, job).state == "running"


def test_progress_is_saved_with_the_block_or_not_at_all(instance, uploads, queue):
    job = receive(uploads, b"content")

    def save(before, read):
        """Save a block of five rows that ends with line ``read``."""
        rejection = Rejection(read, "field", Reason.VALUE_MALFORMED, "why")
        block = (3, [rejection], [(read - 1, bytes(32))])
        with instance.store.begin() as connection:
            save_progress(connection, *block, Progress(job, before, read, blank=1))

    assert refused(save, 0, 7) is Reason.STORE_UNAVAILABLE
    queue.start(job)
    queue.save_reason(WAITS, [TAX])
    save(0, 7)
    row = row_of(instance, job)
    assert (row.lines_read, row.blank, row.rows_read, row.issued, row.unchanged, row.rejected) == (7, 1, 5, 3, 1, 1)
    assert row.reason is None
    assert refused(save, 0, 9) is Reason.STORE_UNAVAILABLE
    assert row_of(instance, job).lines_read == 7
