"""Jobs: an upload is spooled encrypted, acknowledged, and then issued row by row, whatever happens between."""

import logging
import re
import threading
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.catalogue.datatype import data_type_named
from api.ingestion.reader import Format
from api.services.issuing.issuer import Issuer
from api.services.issuing.job_issue import issue_job
from api.services.issuing.job_results import show_job
from api.services.issuing.row_classifier import PLAIN, Permission
from api.storage import table
from api.storage.database import Store
from api.storage.locks import SingletonRole
from api.vault.cipher import seal, unseal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from api.vault.key_removal import KeyRemovals
from api.work.fault import fault_of
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_CHUNK_BYTES: Final = 1 << 20
_RETRY_S: Final = 1.0
_IDLE_S: Final = 5.0
_ID: Final = re.compile("[0-9a-f]{32}")
_WAITING: Final = ("queued", "running")
_log = logging.getLogger(__name__)


class JobService:
    """Receives uploads and issues them in the background, one after the other, in their order."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        issuers: Mapping[bytes, Issuer],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._issuers = issuers
        self._clock = clock
        self._traces: dict[str, trace.Trace | None] = {}
        """Of uploads that this process received: their jobs go on under the trace of the request."""
        self._receiving: set[str] = set()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Finish what an earlier run left, then work until ``stop``."""
        self._fail_interrupted()
        self._thread.start()

    def stop(self) -> None:
        """Stop after the block in hand."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    async def receive(
        self,
        member: bytes,
        schema: str,
        form: Format,
        body: AsyncIterable[bytes],
        *,
        max_bytes: int,
        permission: Permission = PLAIN,
        keep: Callable[[Connection, str], None] = lambda _, __: None,
    ) -> str:
        """Spool an upload and return the id of its job; from then on nothing of it is lost.

        ``permission``: what its rows may replace. ``keep`` stores the answer in the transaction that queues the job.

        Raises:
            InvalidInputError: ``schema_unknown``, ``issuer_not_allowed``, or ``too_large`` for more than ``max_bytes``.
            ChainError: the ledger does not say who may issue this.
        """
        data_type = data_type_named(schema)
        await run_in_threadpool(self._issuers[member].require_allowed, data_type.schema)
        job_id, key = await run_in_threadpool(self._open, member, schema, form, permission)
        self._traces[job_id] = trace.current()
        try:
            await self._take(job_id, key, body, max_bytes, keep)
        finally:
            # one that was neither queued nor failed, since the store was away, is failed by the worker
            self._receiving.discard(job_id)
        self._wake.set()
        return job_id

    async def _take(
        self,
        job_id: str,
        key: bytes,
        body: AsyncIterable[bytes],
        max_bytes: int,
        keep: Callable[[Connection, str], None],
    ) -> None:
        number, total, waiting = 0, 0, bytearray()
        try:
            async for part in body:
                waiting += part
                total += len(part)
                if total > max_bytes:
                    raise InvalidInputError(Reason.TOO_LARGE, f"send at most {max_bytes} bytes at once; split the file")
                while len(waiting) >= _CHUNK_BYTES:
                    await run_in_threadpool(self._spool, job_id, number, key, bytes(waiting[:_CHUNK_BYTES]))
                    del waiting[:_CHUNK_BYTES]
                    number += 1
            await run_in_threadpool(self._close, job_id, number, key, bytes(waiting), keep)
        except InvalidInputError as error:
            await run_in_threadpool(self._fail, job_id, error)
            raise
        except ClientDisconnect:
            await run_in_threadpool(self._fail, job_id, _interrupted())
            raise

    def _open(self, member: bytes, schema: str, form: Format, permission: Permission = PLAIN) -> tuple[str, bytes]:
        key, wrapped = self._issuers[member].department.kek.new_data_key()
        key_id, job_id = random_bytes(KEY_ID_BYTES), random_bytes(16).hex()
        self._keys.put({key_id: wrapped})
        self._receiving.add(job_id)
        with self._store.begin() as connection:
            connection.execute(
                insert(table.job).values(
                    id=job_id,
                    member=member,
                    schema=schema,
                    format=form.value,
                    sequence=select(func.coalesce(func.max(table.job.c.sequence), 0) + 1).scalar_subquery(),
                    state="receiving",
                    data_key=key_id,
                    created_at=self._clock(),
                    owner=self._store.locks.process_id,
                    corrects=int(permission.corrects),
                    restores=int(permission.restores),
                )
            )
        return job_id, key

    def _close(
        self, job_id: str, number: int, key: bytes, rest: bytes, keep: Callable[[Connection, str], None]
    ) -> None:
        if rest:
            self._spool(job_id, number, key, rest)
        with self._store.begin() as connection:
            received = (table.job.c.id == job_id) & (table.job.c.state == "receiving")
            queued = connection.execute(update(table.job).where(received).values(state="queued", owner=None))
            if queued.rowcount != 1:
                # another process took this one for dead, as its connection to the store had broken
                raise _interrupted()
            keep(connection, job_id)

    def show(self, job_id: str, member: bytes) -> dict[str, Any] | None:
        """Return a job of ``member`` as the API shows it."""
        return show_job(self._store, job_id, member) if _ID.fullmatch(job_id) else None

    def _spool(self, job_id: str, number: int, key: bytes, content: bytes) -> None:
        sealed = seal(key, content, f"{job_id}/{number}".encode())
        with self._store.begin() as connection:
            connection.execute(insert(table.job_chunk).values(job=job_id, number=number, sealed=sealed))

    def _chunks(self, job: Any) -> Callable[[], Iterator[bytes]]:  # noqa: ANN401 - a row of the job table
        wrapped = self._keys.get([job.data_key]).get(job.data_key)
        if wrapped is None:
            # a copy of the store brought back a job that was over
            raise _interrupted()
        key = self._issuers[job.member].department.kek.unwrap(wrapped)
        chunk = table.job_chunk

        def read() -> Iterator[bytes]:
            number = 0
            while True:
                with self._store.connect() as connection:
                    sealed = connection.execute(
                        select(chunk.c.sealed).where(chunk.c.job == job.id, chunk.c.number == number)
                    ).scalar_one_or_none()
                if sealed is None:
                    return
                yield unseal(key, sealed, f"{job.id}/{number}".encode())
                number += 1

        return read

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            trace.set_current(None)
            try:
                # of processes that share the store one works at a time, so that jobs keep their order
                if not self._store.locks.acquire(SingletonRole.JOBS):
                    self._stop.wait(_RETRY_S)
                elif not self._step():
                    self._store.locks.release(SingletonRole.JOBS)
                    self._wake.wait(_IDLE_S)
            except (ChainError, StoreError) as error:
                # nothing is lost: the same step is done again when the ledger or the store answers
                _log.warning("issuing waits: %s", error.reason)
                self._say_waiting(error)
                self._store.locks.release(SingletonRole.JOBS)
                self._stop.wait(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the worker outlives any fault
                _log.error("fault: %s", fault_of(error))
                self._stop.wait(_RETRY_S)
        self._store.locks.release(SingletonRole.JOBS)

    def _say_waiting(self, error: CredenceError) -> None:
        """Note what the job in hand waits for, where the store takes it."""
        job = table.job.c
        waits = (job.state == "running") & job.member.in_(self._issuers.keys())
        note = update(table.job).where(waits, job.reason.is_distinct_from(error.reason.value))
        with suppress(StoreError), self._store.begin() as connection:
            connection.execute(note.values(reason=error.reason.value, message=error.message))

    def _step(self) -> bool:
        """Work on the next job, and return whether there was one."""
        self._fail_interrupted()
        job = self._next()
        if job is None:
            return False
        trace.set_current(self._traces.get(job.id))
        try:
            self._run(job)
        except (ChainError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the log and the job name it
            # a fault of ours must not stop the other jobs, and must not be tried without end
            _log.error("a job failed: %s", fault_of(error))
            self._fail(job.id, CredenceError(Reason.INTERNAL, "the job failed; its log says where"))
            self._stop.wait(_RETRY_S)
        return True

    def _fail_interrupted(self) -> None:
        """Fail uploads that nobody receives any more."""
        receiving = select(table.job.c.id, table.job.c.owner).where(table.job.c.state == "receiving")
        with self._store.connect() as connection:
            rows = connection.execute(receiving).all()
        locks = self._store.locks
        for row in rows:
            is_mine = row.owner == locks.process_id
            if row.id not in self._receiving if is_mine else row.owner is None or not locks.is_alive(row.owner):
                # it may have been queued since it was looked at, and then it is acknowledged
                self._fail(row.id, _interrupted(), state="receiving")

    def _next(self) -> Any:  # noqa: ANN401 - a row of the job table
        # here and not with the job, whose end must not hang on the key ledger
        self._removals.finish()
        ready = []
        for member, issuer in self._issuers.items():
            try:
                issuer.anchor_pending()
            except ChainError as error:
                # what the ledger refuses of one department keeps no other from issuing; what waits shows elsewhere
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise
            else:
                ready.append(member)
        waiting = select(table.job).where(table.job.c.state.in_(_WAITING), table.job.c.member.in_(ready))
        with self._store.connect() as connection:
            return connection.execute(waiting.order_by(table.job.c.sequence).limit(1)).first()

    def _run(self, job: Any) -> None:  # noqa: ANN401 - a row of the job table
        with self._store.begin() as connection:
            connection.execute(update(table.job).where(table.job.c.id == job.id).values(state="running"))
        try:
            finished = issue_job(self._issuers[job.member], job, self._chunks(job), self._clock, self._stop.is_set)
        except (ChainError, StoreError):
            raise
        except CredenceError as error:
            self._fail(job.id, error)
            return
        if finished:
            with self._store.begin() as connection:
                connection.execute(update(table.job).where(table.job.c.id == job.id).values(state="done"))
                self._forget(connection, job.id)

    def _fail(self, job_id: str, error: CredenceError, *, state: str | None = None) -> None:
        """Note why a job failed; where a ``state`` is given, only if it is in it."""
        wanted = table.job.c.id == job_id
        if state is not None:
            wanted &= table.job.c.state == state
        failed = update(table.job).where(wanted)
        with self._store.begin() as connection:
            noted = connection.execute(failed.values(state="failed", reason=error.reason.value, message=error.message))
            if noted.rowcount:
                self._forget(connection, job_id)

    def _forget(self, connection: Any, job_id: str) -> None:  # noqa: ANN401 - a SQLAlchemy connection
        """Delete the spooled upload; the key it was sealed under goes before the next job is looked for."""
        self._traces.pop(job_id, None)
        connection.execute(delete(table.job_chunk).where(table.job_chunk.c.job == job_id))
        keys = connection.execute(select(table.job.c.data_key).where(table.job.c.id == job_id)).scalars()
        self._removals.schedule(connection, keys.all())


def _interrupted() -> InvalidInputError:
    """Return a refusal of its own for each: one that is raised keeps what its frames held, keys and content too."""
    return InvalidInputError(
        Reason.UPLOAD_INTERRUPTED, "the upload broke off; send the file again, rows are never issued twice"
    )
