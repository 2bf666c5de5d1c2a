"""Jobs as the API shows them: how far each came, and its results row by row."""

import re
from typing import Any, Final

from sqlalchemy import func, select

from api.ingestion.reader import Format
from api.storage import table
from api.storage.database import Store

_ID: Final = re.compile("[0-9a-f]{32}")


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
        if only in {None, "issued"}:
            issued = table.attestation
            query = (
                select(issued.c.line, issued.c.digest, issued.c.batch, issued.c.leaf)
                .where(issued.c.job == job_id, issued.c.line > after)
                .order_by(issued.c.line)
                .limit(limit)
            )
            found += [
                {
                    "line": row.line,
                    "status": "issued",
                    "attestation": "0x" + row.digest.hex(),
                    "batch": row.batch,
                    "index": row.leaf,
                }
                for row in connection.execute(query)
            ]
        if only in {None, "unchanged"}:
            same = table.job_unchanged
            unchanged = (
                select(same.c.line, same.c.digest)
                .where(same.c.job == job_id, same.c.line > after)
                .order_by(same.c.line)
                .limit(limit)
            )
            found += [
                {"line": row.line, "status": "unchanged", "attestation": "0x" + row.digest.hex()}
                for row in connection.execute(unchanged)
            ]
        if only in {None, "rejected"}:
            bad = table.job_rejection
            rejected = select(bad).where(bad.c.job == job_id, bad.c.line > after).order_by(bad.c.line).limit(limit)
            found += [
                {
                    "line": row.line,
                    "status": "rejected",
                    "field": row.field,
                    "reason": row.reason,
                    "message": row.message,
                }
                for row in connection.execute(rejected)
            ]
    return sorted(found, key=lambda row: row["line"])[:limit]
