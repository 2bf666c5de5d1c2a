"""Work in groups: what waits together is done together, and owners take turns."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from api.work.fair_share import FairQueue

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item]):
    """Threads that hand up to ``most`` items at once to ``work``, which must not raise.

    While one of the ``threads`` waits for others (a disk, a node), another works on those that came meanwhile. No
    owner waits behind all that another one asks for: each item is taken by the rule of ``FairQueue``.

    ``waits_for_full``: while earlier items are not ``finished``, only a full group sets out. So groups grow with what
    comes, and what is alone does not wait.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], None],
        *,
        name: str,
        threads: int,
        most: int,
        waits_for_full: bool = False,
    ) -> None:
        self._work = work
        self._most = most
        self._waits_for_full = waits_for_full
        self._under_way = 0
        """Items that were taken and are not finished, where that matters."""
        self._changed = threading.Condition()
        self._waiting: FairQueue[Item] = FairQueue()
        self._is_ending = False
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Start working."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Work on what waits, then stop."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def put(self, item: Item, owner: bytes) -> None:
        """Have ``item`` worked on for ``owner``."""
        with self._changed:
            self._waiting.put(item, owner)
            self._changed.notify()

    def finished(self, items: int) -> None:
        """Say that so many items have come to their end, in whatever steps follow this one."""
        with self._changed:
            self._under_way -= items
            self._changed.notify()

    def __len__(self) -> int:
        """Return how many items wait."""
        with self._changed:
            return len(self._waiting)

    def _is_ready(self) -> bool:
        if not self._under_way or self._is_ending:
            return bool(self._waiting)
        return len(self._waiting) >= self._most

    def _run(self) -> None:
        while group := self._next_group():
            self._work(group)

    def _next_group(self) -> list[Item]:
        """Wait for items, and return some; none when they are to stop and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_ready() or (self._is_ending and not self._waiting))
            taken: list[Item] = []
            while len(taken) < self._most and (owner := self._waiting.next_owner()) is not None:
                taken.append(self._waiting.pop(owner))
                self._waiting.serve(owner)
            if self._waits_for_full:
                self._under_way += len(taken)
            return taken


class GroupWork(Generic[Item, Result]):
    """``work`` takes up to ``most`` items and returns for each, in their order, a result or an error."""

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result | Exception]], *, name: str, threads: int, most: int
    ) -> None:
        self._work = work
        self._groups: Batcher[tuple[Item, Future[Result]]] = Batcher(
            self._answer, name=name, threads=threads, most=most
        )
        self.start = self._groups.start
        self.stop = self._groups.stop

    def submit(self, item: Item, owner: bytes = b"") -> Future[Result]:
        """Have ``item`` worked on for ``owner``, and return what will have its result or its error.

        It cannot be cancelled.
        """
        future: Future[Result] = started_future()
        self._groups.put((item, future), owner)
        return future

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._groups)

    def _answer(self, group: Sequence[tuple[Item, Future[Result]]]) -> None:
        results = each_or_error(self._work, [item for item, _ in group])
        for (_, future), result in zip(group, results, strict=True):
            set_result(future, result)


def started_future() -> Future[Result]:
    """Return a future of work that has started, so that nobody can cancel it."""
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()
    return future


def set_result(future: Future[Result], result: Result | Exception) -> None:
    """Give a future its result, or its error."""
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def each_or_error(
    work: Callable[[Sequence[Item]], Sequence[Result | Exception]], items: Sequence[Item]
) -> Sequence[Result | Exception]:
    """Return what ``work`` returns for each of ``items``; what it raises is the error of each."""
    try:
        return work(items)
    except Exception as error:  # noqa: BLE001 - everybody who waits gets the error, whatever it is
        return [error for _ in items]
