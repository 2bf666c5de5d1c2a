"""Work in groups: what waits together is done together."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item]):
    """Threads that hand up to ``most`` items at once to ``work``, which must not raise.

    While one of the ``threads`` waits for others (a disk, a node), another works on those that came meanwhile. Those
    for whom items wait take turns, so that nobody waits behind all that another one asks for.

    ``gathers``: while earlier items are under way, which ``over`` ends, only a full group sets out. So groups grow
    with what comes, and what is alone does not wait.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], None], *, name: str, threads: int, most: int, gathers: bool = False
    ) -> None:
        self._work = work
        self._most = most
        self._gathers = gathers
        self._under_way = 0
        """Items that were taken and are not over, where that matters."""
        self._changed = threading.Condition()
        self._waiting: OrderedDict[bytes, deque[Item]] = OrderedDict()
        """By whom they are for; whose turn is next comes first."""
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

    def put(self, item: Item, whose: bytes) -> None:
        """Have ``item`` worked on for ``whose``."""
        with self._changed:
            self._waiting.setdefault(whose, deque()).append(item)
            self._changed.notify()

    def over(self, items: int) -> None:
        """Say that so many items have come to their end, in whatever steps follow this one."""
        with self._changed:
            self._under_way -= items
            self._changed.notify()

    def __len__(self) -> int:
        """Return how many items wait."""
        with self._changed:
            return self._count()

    def _count(self) -> int:
        return sum(len(items) for items in self._waiting.values())

    def _sets_out(self) -> bool:
        if not self._under_way or self._is_ending:
            return bool(self._waiting)
        return self._count() >= self._most

    def _run(self) -> None:
        while group := self._take():
            self._work(group)

    def _take(self) -> list[Item]:
        """Wait for items, and return some; none when they are to stop and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._sets_out() or (self._is_ending and not self._waiting))
            taken: list[Item] = []
            while self._waiting and len(taken) < self._most:
                whose, items = self._waiting.popitem(last=False)
                taken.append(items.popleft())
                if items:
                    self._waiting[whose] = items
            if self._gathers:
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

    def submit(self, item: Item, whose: bytes = b"") -> Future[Result]:
        """Have ``item`` worked on for ``whose``, and return what will have its result or its error.

        It cannot be cancelled.
        """
        future: Future[Result] = begun_future()
        self._groups.put((item, future), whose)
        return future

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._groups)

    def _answer(self, group: Sequence[tuple[Item, Future[Result]]]) -> None:
        results = each_or_error(self._work, [item for item, _ in group])
        for (_, future), result in zip(group, results, strict=True):
            settle(future, result)


def begun_future() -> Future[Result]:
    """Return a future of work that has begun, so that nobody can cancel it."""
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()
    return future


def settle(future: Future[Result], result: Result | Exception) -> None:
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
