"""Uploads: received into a spool that is encrypted, acknowledged, and read again as often as their jobs need it."""

from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.catalogue.datatype import data_type_named
from api.ingestion.reader import Format
from api.services.issuing.issuer import Issuer
from api.services.issuing.job import JobQueue
from api.services.issuing.row_classifier import PLAIN, Permission
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import seal, unseal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from ledger_node import trace
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_CHUNK_BYTES: Final = 1 << 20


class Uploads:
    """Receives uploads. ``queue`` takes their jobs; ``on_queued`` is called when it has one more."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        issuers: Mapping[bytes, Issuer],
        queue: JobQueue,
        clock: Callable[[], int],
        on_queued: Callable[[], object],
    ) -> None:
        self._store = store
        self._keys = keys
        self._issuers = issuers
        self._queue = queue
        self._clock = clock
        self._on_queued = on_queued
        self._receiving: set[str] = set()

    async def receive(
        self,
        member: bytes,
        schema: str,
        form: Format,
        body: AsyncIterable[bytes],
        *,
        max_bytes: int,
        permission: Permission = PLAIN,
        store_response: Callable[[Connection, str], None] = lambda _, __: None,
    ) -> str:
        """Spool an upload and return the id of its job; from then on nothing of it is lost.

        ``permission``: what its rows may replace. ``store_response`` stores the answer in the transaction that queues
        the job.

        Raises:
            InvalidInputError: ``schema_unknown``, ``issuer_not_allowed``, or ``too_large`` for more than ``max_bytes``.
            ChainError: the ledger does not say who may issue this.
        """
        data_type = data_type_named(schema)
        await run_in_threadpool(self._issuers[member].require_allowed, data_type.schema)
        job_id, key = await run_in_threadpool(self._open, member, schema, form, permission)
        self._queue.traces[job_id] = trace.current()
        try:
            await self._read(job_id, key, body, max_bytes, store_response)
        finally:
            # one that was neither queued nor failed, since the store was away, is failed by the worker
            self._receiving.discard(job_id)
        self._on_queued()
        return job_id

    async def _read(
        self,
        job_id: str,
        key: bytes,
        body: AsyncIterable[bytes],
        max_bytes: int,
        store_response: Callable[[Connection, str], None],
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
            await run_in_threadpool(self._enqueue, job_id, number, key, bytes(waiting), store_response)
        except InvalidInputError as error:
            await run_in_threadpool(self._queue.fail, job_id, error)
            raise
        except ClientDisconnect:
            await run_in_threadpool(self._queue.fail, job_id, _interrupted())
            raise

    def _open(self, member: bytes, schema: str, form: Format, permission: Permission) -> tuple[str, bytes]:
        key, wrapped = self._issuers[member].department.kek.new_data_key()
        key_id, job_id = random_bytes(KEY_ID_BYTES), random_bytes(16).hex()
        self._keys.put({key_id: wrapped})
        self._receiving.add(job_id)
        self._store.write(
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

    def _enqueue(
        self, job_id: str, number: int, key: bytes, rest: bytes, store_response: Callable[[Connection, str], None]
    ) -> None:
        if rest:
            self._spool(job_id, number, key, rest)
        with self._store.begin() as connection:
            received = (table.job.c.id == job_id) & (table.job.c.state == "receiving")
            queued = connection.execute(update(table.job).where(received).values(state="queued", owner=None))
            if queued.rowcount != 1:
                # another process took this one for dead, as its connection to the store had broken
                raise _interrupted()
            store_response(connection, job_id)

    def fail_interrupted(self) -> None:
        """Fail uploads that nobody receives any more."""
        rows = self._store.rows(select(table.job.c.id, table.job.c.owner).where(table.job.c.state == "receiving"))
        locks = self._store.locks
        for row in rows:
            is_mine = row.owner == locks.process_id
            if row.id not in self._receiving if is_mine else row.owner is None or not locks.is_alive(row.owner):
                # it may have been queued since it was looked at, and then it is acknowledged
                self._queue.fail(row.id, _interrupted(), state="receiving")

    def _spool(self, job_id: str, number: int, key: bytes, content: bytes) -> None:
        sealed = seal(key, content, f"{job_id}/{number}".encode())
        self._store.write(insert(table.job_chunk).values(job=job_id, number=number, sealed=sealed))

    def content(self, job: Any) -> Callable[[], Iterator[bytes]]:  # noqa: ANN401 - a row of the job table
        """Return what yields the upload of a job, in pieces, each time that it is called.

        Raises:
            InvalidInputError: ``upload_interrupted``; its key is gone.
        """
        wrapped = self._keys.get([job.data_key]).get(job.data_key)
        if wrapped is None:
            # a copy of the store brought back a job that was over
            raise _interrupted()
        key = self._issuers[job.member].department.kek.unwrap(wrapped)
        chunk = table.job_chunk

        def read() -> Iterator[bytes]:
            number = 0
            while True:
                sealed = self._store.scalar(
                    select(chunk.c.sealed).where(chunk.c.job == job.id, chunk.c.number == number)
                )
                if sealed is None:
                    return
                yield unseal(key, sealed, f"{job.id}/{number}".encode())
                number += 1

        return read


def _interrupted() -> InvalidInputError:
    """Return a refusal of its own for each: one that is raised keeps what its frames held, keys and content too."""
    return InvalidInputError(
        Reason.UPLOAD_INTERRUPTED, "the upload broke off; send the file again, rows are never issued twice"
    )
