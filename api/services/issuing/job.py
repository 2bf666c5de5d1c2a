"""Jobs, each an upload on its way: their queue, how far each came, and their results row by row.

Jobs keep the order of their uploads. Each is queued, running, and then done or failed. How far it is, is saved with
each block of it, in the same transaction.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from api.ingestion.reader import Format
from api.ingestion.row import Rejection
from api.storage import table
from api.storage.database import Store
from api.vault.key_removal import KeyRemovals
from ledger_node import trace
from ledger_node.domain.error import CredenceError, StoreError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_JOB: Final = table.job.c
_WAITING: Final = ("queued", "running")
_ID: Final = re.compile("[0-9a-f]{32}")
_ISSUED, _SAME, _BAD = table.attestation, table.job_unchanged, table.job_rejection
_RESULTS: Final = {
    "issued": (_ISSUED, _ISSUED.c.digest.label("attestation"), _ISSUED.c.batch, _ISSUED.c.leaf.label("index")),
    "unchanged": (_SAME, _SAME.c.digest.label("attestation")),
    "rejected": (_BAD, _BAD.c.field, _BAD.c.reason, _BAD.c.message),
}
"""By status: where its rows are, and what is shown of each."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands before and after a block: written in the same transaction as the block.

    ``blank``: lines of the block that say nothing. A job that stands elsewhere meanwhile is worked on by another
    process, and the block must not stand.
    """

    job: str
    lines_before: int
    lines_read: int
    blank: int = 0


def save_progress(
    connection: Connection,
    issued: int,
    rejections: Sequence[Rejection],
    unchanged: Sequence[tuple[int, bytes]],
    progress: Progress,
) -> None:
    """Save what a block came to.

    Raises:
        StoreError: another process works on the job, and the transaction must not stand.
    """
    if rejections:
        connection.execute(
            insert(table.job_rejection),
            [
                {
                    "job": progress.job,
                    "line": rejection.line,
                    "field": rejection.field,
                    "reason": rejection.reason.value,
                    "message": rejection.message,
                }
                for rejection in rejections
            ],
        )
    if unchanged:
        connection.execute(
            insert(table.job_unchanged),
            [{"job": progress.job, "line": line, "digest": digest} for line, digest in unchanged],
        )
    saved = connection.execute(
        update(table.job)
        .where(table.job.c.id == progress.job, table.job.c.lines_read == progress.lines_before)
        .where(table.job.c.state == "running")
        .values(
            lines_read=progress.lines_read,
            blank=table.job.c.blank + progress.blank,
            rows_read=table.job.c.rows_read + issued + len(unchanged) + len(rejections),
            # whatever the job waited for, it goes on
            reason=None,
            message=None,
            issued=table.job.c.issued + issued,
            unchanged=table.job.c.unchanged + len(unchanged),
            rejected=table.job.c.rejected + len(rejections),
        )
    )
    if saved.rowcount != 1:
        raise StoreError(Reason.STORE_UNAVAILABLE, "another process works on this job")


class JobQueue:
    """Says what becomes of jobs. At the end of a job its upload is deleted, and its key is noted for removal.

    ``traces``: of uploads that this process received; their jobs go on under the trace of the request.
    """

    def __init__(self, store: Store, removals: KeyRemovals) -> None:
        self._store = store
        self._removals = removals
        self.traces: dict[str, trace.Trace | None] = {}

    def next(self, members: Collection[bytes]) -> Any:  # noqa: ANN401 - a row of the job table
        """Return the first job of ``members`` that waits, or None."""
        waiting = select(table.job).where(_JOB.state.in_(_WAITING), _JOB.member.in_(members))
        return self._store.row(waiting.order_by(_JOB.sequence).limit(1))

    def start(self, job_id: str) -> None:
        """Say that a job runs."""
        self._store.write(update(table.job).where(_JOB.id == job_id).values(state="running"))

    def finish(self, job_id: str) -> None:
        """Say that a job is done."""
        with self._store.begin() as connection:
            connection.execute(update(table.job).where(_JOB.id == job_id).values(state="done"))
            self._delete_upload(connection, job_id)

    def fail(self, job_id: str, error: CredenceError, *, state: str | None = None) -> None:
        """Say why a job failed; where a ``state`` is given, only if it is in it."""
        wanted = _JOB.id == job_id
        if state is not None:
            wanted &= _JOB.state == state
        failed = update(table.job).where(wanted)
        with self._store.begin() as connection:
            values = {"state": "failed", "reason": error.reason.value, "message": error.message}
            if connection.execute(failed.values(values)).rowcount:
                self._delete_upload(connection, job_id)

    def save_reason(self, error: CredenceError, members: Collection[bytes]) -> None:
        """Say what the running job of ``members`` waits for, where the store takes it."""
        waits = (_JOB.state == "running") & _JOB.member.in_(members)
        changed = update(table.job).where(waits, _JOB.reason.is_distinct_from(error.reason.value))
        with suppress(StoreError):
            self._store.write(changed.values(reason=error.reason.value, message=error.message))

    def _delete_upload(self, connection: Connection, job_id: str) -> None:
        """Delete a spooled upload; the key it was sealed under goes before the next job is looked for."""
        self.traces.pop(job_id, None)
        connection.execute(delete(table.job_chunk).where(table.job_chunk.c.job == job_id))
        keys = connection.execute(select(_JOB.data_key).where(_JOB.id == job_id)).scalars()
        self._removals.schedule(connection, keys.all())


def show_job(store: Store, job_id: str, member: bytes) -> dict[str, Any] | None:
    """Return a job of ``member``, or None where there is none.

    Each line that was read is the heading, blank, issued, unchanged or rejected. ``next_line``: from which line on a
    job that failed did nothing. ``reason``: why it failed, or what one that is running waits for.
    """
    if not _ID.fullmatch(job_id):
        return None
    with store.connect() as connection:
        job = connection.execute(
            select(table.job).where(table.job.c.id == job_id, table.job.c.member == member)
        ).first()
        if job is None:
            return None
        batches = connection.execute(
            select(func.count(), func.coalesce(func.sum(table.batch.c.gas_used), 0)).where(
                table.batch.c.job == job_id, table.batch.c.start.is_not(None)
            )
        ).one()
    return {
        "job": job.id,
        "schema": job.schema,
        "state": job.state,
        "correct": bool(job.corrects),
        "restore_erased": bool(job.restores),
        "lines_read": job.lines_read,
        "heading": int(job.format == Format.CSV and job.lines_read > 0),
        "blank": job.blank,
        "rows_read": job.rows_read,
        "issued": job.issued,
        "unchanged": job.unchanged,
        "rejected": job.rejected,
        "batches": batches[0],
        "gas_used": int(batches[1]),  # PostgreSQL sums to a Decimal
        "created_at": job.created_at,
        "next_line": job.lines_read + 1 if job.state == "failed" else None,
        "reason": job.reason,
        "message": job.message,
    }


def result_rows(store: Store, job_id: str, *, after: int, limit: int, only: str | None) -> list[dict[str, Any]]:
    """Return results of rows with a line above ``after``, in the order of lines; ``only`` names a status."""
    found: list[dict[str, Any]] = []
    with store.connect() as connection:
        for status, (held, *columns) in _RESULTS.items():
            if only in {None, status}:
                query = select(held.c.line, *columns).where(held.c.job == job_id, held.c.line > after)
                rows = connection.execute(query.order_by(held.c.line).limit(limit))
                found += [{"line": row["line"], "status": status} | _shown(row) for row in rows.mappings()]
    return sorted(found, key=lambda row: row["line"])[:limit]


def _shown(columns: RowMapping) -> dict[str, Any]:
    return {name: to_hex(value) if isinstance(value, bytes) else value for name, value in columns.items()}
