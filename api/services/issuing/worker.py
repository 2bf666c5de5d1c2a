"""The worker: issues the jobs of uploads one after the other, in their order, whatever happens between."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.services.issuing.issuer import Issuer
from api.services.issuing.job_issue import issue_job
from api.services.issuing.job_queue import JobQueue
from api.services.issuing.job_results import show_job
from api.services.issuing.upload import Uploads
from api.storage.database import Store
from api.storage.locks import SingletonRole
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.work.fault import fault_of
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError, StoreError
from ledger_node.domain.reason import Reason

_RETRY_S: Final = 1.0
_IDLE_S: Final = 5.0
_log = logging.getLogger(__name__)


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

    def show(self, job_id: str, member: bytes) -> dict[str, Any] | None:
        """Return a job of ``member`` as the API shows it."""
        return show_job(self._store, job_id, member)

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
            self._run(job)
        except (ChainError, StoreError):
            raise
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

    def _run(self, job: Any) -> None:  # noqa: ANN401 - a row of the job table
        self._queue.start(job.id)
        try:
            finished = issue_job(
                self._issuers[job.member], job, self.uploads.content(job), self._clock, self._stop.is_set
            )
        except (ChainError, StoreError):
            raise
        except CredenceError as error:
            self._queue.fail(job.id, error)
            return
        if finished:
            self._queue.finish(job.id)
