"""Worker processes: pure computation, so that cores and not a lock set the pace.

Whoever has work for a worker writes it to that worker's pipe and reads the result there: no thread stands between.

Dataclasses travel as their fields, taken and put in one go: the pickling that Python gives to frozen dataclasses with
slots looks their fields up anew for every one.
"""

import io
import logging
import multiprocessing
import os
import pickle  # nosec B403 # for pipes between our own processes
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from functools import cache
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any, Final, TypeVar

from typing_extensions import override

from api.work.fault import WorkerFault, fault_of
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

Result = TypeVar("Result")
_TRIES: Final = 2
_log = logging.getLogger(__name__)


def dumps(value: object) -> bytes:
    """Return ``value`` as bytes. Of dataclasses, what is not a field stays behind."""
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def loads(data: bytes) -> Any:  # noqa: ANN401 - whatever was written
    """Return what ``dumps`` wrote in a process of ours; of anybody else's bytes it would do whatever they say."""
    return pickle.loads(data)  # nosec B301 # noqa: S301 - our own


class _Pickler(pickle.Pickler):
    @override
    def reducer_override(self, obj: object) -> Any:
        kind = type(obj)
        take = _taker(kind)  # type: ignore[arg-type] # a class can be hashed; mypy looks at its instances
        return NotImplemented if take is None else (_made, (kind, take(obj)))


@cache
def _taker(kind: type) -> Callable[[object], tuple[Any, ...]] | None:
    names = _names(kind)
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda one: (getattr(one, names[0]),)) if names else None


@cache
def _names(kind: type) -> tuple[str, ...]:
    # what has its own way of travelling keeps it
    is_plain = is_dataclass(kind) and kind.__reduce__ is object.__reduce__ and not issubclass(kind, BaseException)
    return tuple(field.name for field in fields(kind)) if is_plain else ()


def _made(kind: type, values: tuple[Any, ...]) -> object:
    """Return a dataclass of values that were in one before, and so are not checked again."""
    one: object = object.__new__(kind)
    put = object.__setattr__
    for name, value in zip(_names(kind), values, strict=True):
        put(one, name, value)
    return one


class WorkerDiedError(CredenceError):
    """Workers died of, or with, the same work: ``worker_died``."""

    def __init__(self) -> None:
        super().__init__(
            Reason.WORKER_DIED, "the processes that worked on this died, and so nothing was revealed; ask again"
        )


class WorkerPool:
    """Processes that start with the first work, end with this one, and are replaced when they die.

    Of none, this process does the work.

    ``prepare(*given)`` is called in each before its first work. Nothing but that and its arguments is there for work,
    so work that a worker died of, or with, is done again. ``nice``: how far the workers stand back behind this
    process where the processor is short (POSIX nice values).
    """

    def __init__(
        self,
        processes: int,
        prepare: Callable[..., None] | None = None,
        given: tuple[Any, ...] = (),
        *,
        nice: int = 0,
    ) -> None:
        self._processes = processes
        self._nice = nice
        self._prepare = prepare
        self._given = given
        self._changed = threading.Condition()
        self._idle: list[_Worker] = []
        self._count = 0

    @property
    def has_workers(self) -> bool:
        """Whether work is done elsewhere."""
        return self._processes > 0

    def start(self) -> None:
        """Have the workers started now, without waiting for them."""
        with self._changed:
            while self._count < self._processes:
                self._idle.append(self._new())

    def do(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``work`` returns, or raise what it raises; both must be picklable.

        Raises:
            WorkerDiedError: it was tried twice, and a worker died both times.
        """
        if not self.has_workers:
            return work(*arguments)
        request = dumps((work, arguments))
        for _ in range(_TRIES):
            worker = self._acquire()
            try:
                answer = worker.ask(request)
            except (EOFError, OSError):
                self._discard(worker)
                _log.warning("a worker process died; what it worked on is done again")
                continue
            except BaseException:
                self._discard(worker)
                raise
            self._release(worker)
            is_good, result = loads(answer)
            if is_good:
                return result  # type: ignore[no-any-return] # what work returned
            raise result
        raise WorkerDiedError

    def do_all(self, work: Callable[..., Result], arguments: Iterable[tuple[object, ...]]) -> list[Result]:
        """Return what ``work`` returns for each of ``arguments``, in their order; as ``do``."""
        if not self.has_workers:
            return [work(*one) for one in arguments]
        with ThreadPoolExecutor(self._processes) as threads:
            return list(threads.map(lambda one: self.do(work, *one), arguments))

    def close(self) -> None:
        """Stop the workers when they have done what they are at."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._idle) == self._count)
            workers, self._idle, self._count = self._idle, [], 0
        for worker in workers:
            worker.end()

    def _new(self) -> "_Worker":
        worker = _Worker(self._prepare, self._given, self._nice)
        self._count += 1
        return worker

    def _acquire(self) -> "_Worker":
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._count < self._processes)
            return self._idle.pop() if self._idle else self._new()

    def _release(self, worker: "_Worker") -> None:
        with self._changed:
            self._idle.append(worker)
            self._changed.notify_all()

    def _discard(self, worker: "_Worker") -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()
        worker.kill()


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, prepare: Callable[..., None] | None, given: tuple[Any, ...], nice: int) -> None:
        # spawn, because this process runs threads, and a fork of those may hang
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, prepare, given), daemon=True)
        self._process.start()
        if nice:
            # from here, so that it stands back from its first moment on
            os.setpriority(os.PRIO_PROCESS, self._process.pid or 0, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        # only the worker holds its end from now on, so that its death is seen at once
        theirs.close()

    def ask(self, request: bytes) -> bytes:
        """Return what the worker answers; EOFError or OSError if it is dead."""
        self._pipe.send_bytes(request)
        return self._pipe.recv_bytes()

    def end(self) -> None:
        self._pipe.close()
        self._process.join()
        self._process.close()

    def kill(self) -> None:
        self._process.kill()
        self.end()


def _work(pipe: "Connection[bytes, bytes]", prepare: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    """Work until the other end of the pipe is closed, by ``close`` or by the end of that process."""
    # Ctrl-C in a terminal reaches the whole group; this process ends its workers when it has finished
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if prepare is not None:
        prepare(*given)
    while True:
        try:
            request = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        answer = _answer(request)
        try:
            pipe.send_bytes(answer)
        except OSError:
            return


def _answer(request: bytes) -> bytes:
    try:
        work, arguments = loads(request)
        return dumps((True, work(*arguments)))
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        return _fault(error)


def _fault(error: Exception) -> bytes:
    try:
        answer = dumps((False, error))
        loads(answer)  # some errors can be written and not read
    except Exception:  # noqa: BLE001 - whatever it is, its kind and place can be told
        return dumps((False, WorkerFault(fault_of(error))))
    return answer
