"""How far a job is: saved with each block of it, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from api.ingestion.row import Rejection
from api.storage import table
from ledger_node.domain.error import StoreError
from ledger_node.domain.reason import Reason


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
