"""The queue of jobs: uploads in their order, each queued, running, and then done or failed."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from api.storage import table
from api.storage.database import Store
from api.vault.key_removal import KeyRemovals
from ledger_node import trace
from ledger_node.domain.error import CredenceError, StoreError

_JOB: Final = table.job.c
_WAITING: Final = ("queued", "running")


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
        with suppress(StoreError), self._store.begin() as connection:
            connection.execute(changed.values(reason=error.reason.value, message=error.message))

    def _delete_upload(self, connection: Connection, job_id: str) -> None:
        """Delete a spooled upload; the key it was sealed under goes before the next job is looked for."""
        self.traces.pop(job_id, None)
        connection.execute(delete(table.job_chunk).where(table.job_chunk.c.job == job_id))
        keys = connection.execute(select(_JOB.data_key).where(_JOB.id == job_id)).scalars()
        self._removals.schedule(connection, keys.all())
