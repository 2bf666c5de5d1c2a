"""The worker: issues the jobs of uploads one after the other, in their order, whatever happens between.

An upload is looked through as a whole. Then it is read again and issued block by block, each line once.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any, Final

from api.catalogue.datatype import DataType, data_types
from api.ingestion.line import Chunks
from api.ingestion.reader import Format, read_lines, read_rows
from api.ingestion.row import NoRow, Rejection, Row
from api.services.issuing.issuer import Issuer
from api.services.issuing.job import JobQueue, Progress
from api.services.issuing.repeated_rows import RepeatedRows
from api.services.issuing.row_classifier import Permission
from api.services.issuing.upload import Uploads
from api.storage.database import Store
from api.storage.locks import SingletonRole
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.work.fault import fault_of
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china

BLOCK: Final = 4096
_RETRY_S: Final = 1.0
_IDLE_S: Final = 5.0
_log = logging.getLogger(__name__)


def issue_job(
    issuer: Issuer,
    job: Any,  # noqa: ANN401 - a row of the job table
    chunks: Chunks,
    clock: Callable[[], int],
    is_stopped: Callable[[], bool],
) -> bool:
    """Issue what is left of a job; return False where this process is to stop before its end.

    Raises:
        InvalidInputError: the upload as a whole cannot be read.
        ChainError: a block is stored and not anchored yet; call this again.
        StoreError: the store takes nothing now; call this again.
    """
    data_type, form = data_types()[job.schema], Format(job.format)
    # the day of the upload, so that a row comes to the same whenever it is read again
    today = day_in_china(job.created_at)
    whole = read_rows(data_type, form, chunks, today=today)
    rows = (item for item in takewhile(lambda _: not is_stopped(), whole) if isinstance(item, Row))
    with RepeatedRows(rows, data_type.schema) as repeated:
        block = _Block(issuer, data_type, job, clock)
        for item in read_lines(data_type, form, chunks, today=today):
            if item.line <= job.lines_read:
                continue
            if is_stopped():
                return False
            block.add((repeated.rejection(item) or item) if isinstance(item, Row) else item)
        block.issue()
    return True


class _Block:
    """Lines of a job that are issued, or rejected, together."""

    def __init__(self, issuer: Issuer, data_type: DataType, job: Any, clock: Callable[[], int]) -> None:  # noqa: ANN401 - a row of the job table
        self._issuer = issuer
        self._data_type = data_type
        self._job = job
        self._clock = clock
        self._permission = Permission(corrects=bool(job.corrects), restores=bool(job.restores))
        self._rows: list[Row] = []
        self._rejections: list[Rejection] = []
        self._blank = 0
        self._before = self._read = job.lines_read

    def add(self, item: Row | Rejection | NoRow) -> None:
        """Add the next line; what was added is issued when it is a block."""
        self._read = item.line
        match item:
            case Row():
                self._rows.append(item)
            case Rejection():
                self._rejections.append(item)
            case NoRow():
                self._blank += not item.is_heading
        if max(len(self._rows), len(self._rejections)) >= BLOCK:
            self.issue()

    def issue(self) -> None:
        """Issue what was added."""
        self._issuer.issue(
            self._data_type,
            self._rows,
            now=self._clock(),
            permission=self._permission,
            rejections=self._rejections,
            progress=Progress(self._job.id, self._before, self._read, self._blank),
        )
        self._rows, self._rejections, self._blank, self._before = [], [], 0, self._read


class JobWorker:
    """Issues in the background what ``uploads`` receives, one after the other, in their order."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        issuers: Mapping[bytes, Issuer],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._removals = removals
        self._issuers = issuers
        self._clock = clock
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._queue = JobQueue(store, removals)
        self.uploads = Uploads(store, keys, issuers, self._queue, clock, self._wake.set)

    def start(self) -> None:
        """Finish what an earlier run left, then work until ``stop``."""
        self.uploads.fail_interrupted()
        self._thread.start()

    def stop(self) -> None:
        """Stop after the block in hand."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

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
                self._queue.save_reason(error, self._issuers.keys())
                self._store.locks.release(SingletonRole.JOBS)
                self._stop.wait(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the worker outlives any fault
                _log.error("fault: %s", fault_of(error))
                self._stop.wait(_RETRY_S)
        self._store.locks.release(SingletonRole.JOBS)

    def _step(self) -> bool:
        """Work on the next job, and return whether there was one."""
        self.uploads.fail_interrupted()
        job = self._next()
        if job is None:
            return False
        trace.set_current(self._queue.traces.get(job.id))
        try:
            self._queue.start(job.id)
            content = self.uploads.content(job)
            if issue_job(self._issuers[job.member], job, content, self._clock, self._stop.is_set):
                self._queue.finish(job.id)
        except (ChainError, StoreError):
            raise
        except CredenceError as error:
            self._queue.fail(job.id, error)
        except Exception as error:  # noqa: BLE001 - the log and the job name it
            # a fault of ours must not stop the other jobs, and must not be tried without end
            _log.error("a job failed: %s", fault_of(error))
            self._queue.fail(job.id, CredenceError(Reason.INTERNAL, "the job failed; its log says where"))
            self._stop.wait(_RETRY_S)
        return True

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
        return self._queue.next(ready)
