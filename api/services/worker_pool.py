"""Worker processes: pure computation, so that cores and not a lock set the pace."""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, TypeVar

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class WorkerPool:
    """Processes that start with the first work, end with this one, and are replaced when they die.

    Of none, this process does the work.

    ``begin(*given)`` is called in each before its first work. Nothing but that and its arguments is there for work,
    so work that a worker died of, or with, is done again.
    """

    def __init__(self, processes: int, begin: Callable[..., None] | None = None, given: tuple[Any, ...] = ()) -> None:
        self._processes = processes
        self._begin = begin
        self._given = given
        self._guard = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    @property
    def has_workers(self) -> bool:
        """Whether work is done elsewhere."""
        return self._processes > 0

    def start(self) -> None:
        """Have the workers started now, without waiting for them."""
        pool = self._running()
        for _ in range(self._processes):
            pool.submit(_nothing)

    def do(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns, or raise what it raises; both must be picklable.

        Raises:
            BrokenProcessPool: it was tried twice, and a worker died both times.
        """
        return self.do_all(work, [arguments])[0]

    def do_all(self, work: Callable[..., Result], arguments: Iterable[tuple[object, ...]]) -> list[Result]:
        """Return what ``work`` returns for each of ``arguments``, in their order; as ``do``."""
        each = list(arguments)
        if not self.has_workers:
            return [work(*one) for one in each]
        pool = self._running()
        try:
            return _results(pool, work, each)
        except BrokenProcessPool:
            _log.warning("a worker process died; what it worked on is done again")
            self._drop(pool)
        return _results(self._running(), work, each)

    def close(self) -> None:
        """Stop the workers."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _running(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._pool is None:
                # spawn, because this process runs threads, and a fork of those may hang
                context = multiprocessing.get_context("spawn")
                given = (self._begin, self._given)
                self._pool = ProcessPoolExecutor(
                    self._processes, mp_context=context, initializer=_begin_worker, initargs=given
                )
            return self._pool

    def _drop(self, broken: ProcessPoolExecutor) -> None:
        with self._guard:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=False)


def _results(
    pool: ProcessPoolExecutor, work: Callable[..., Result], each: Iterable[tuple[object, ...]]
) -> list[Result]:
    futures = [pool.submit(work, *arguments) for arguments in each]
    return [future.result() for future in futures]


def _nothing() -> None:
    """Do nothing: a worker that has done it has begun."""


def _begin_worker(begin: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    # Ctrl-C in a terminal reaches the whole group; this process ends its workers when it has finished
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*given)


def _end_with_parent() -> None:
    # a worker of a process that was killed would wait for ever
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
