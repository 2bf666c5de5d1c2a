"""Work in groups: callers wait each for their own, and what waits together is done together."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupWork(Generic[Item, Result]):
    """``work`` takes up to ``most`` items and returns for each, in their order, a result or an error.

    While one of the ``threads`` waits for others (a disk, a node), another works on those that came meanwhile.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result | Exception]], *, name: str, threads: int, most: int
    ) -> None:
        self._work = work
        self._most = most
        self._waiting: queue.SimpleQueue[tuple[Item, Future[Result]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Start working."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Work on what waits, then stop."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, item: Item) -> Future[Result]:
        """Have ``item`` worked on, and return what will have its result or its error; it cannot be cancelled."""
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        self._waiting.put((item, future))
        return future

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, is_last = [first], False
            while len(group) < self._most and not is_last:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    is_last = True
                else:
                    group.append(following)
            self._answer(group)
            if is_last:
                return

    def _answer(self, group: Sequence[tuple[Item, Future[Result]]]) -> None:
        try:
            results = self._work([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - every waiting caller gets the error, whatever it is
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
