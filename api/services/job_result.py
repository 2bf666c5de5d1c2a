"""Results of jobs, row by row."""

from typing import Any

from sqlalchemy import select

from api.storage import table
from api.storage.database import Store


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
