"""Work of several owners, in slots and in groups: whoever asks for much waits for itself and not for others.

One rule says who comes next, wherever work of several owners waits: of the owners that may have more, the one with the
least under way; among equals, the one that was served longest ago. What waits together is done together.
"""

import asyncio
import threading
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

_LATELY_S: Final = 300
"""Who asked for a slot in so many seconds is somebody to leave room for."""
_BURST: Final = 8
_BURST_S: Final = 1.0
"""So many slots an owner may have beside others, until it has asked for more than its share for so long."""
Item = TypeVar("Item")
Result = TypeVar("Result")
_BUSY_FROM: Final = 48
_BUSY_PER_ITEM: Final = 8
_PATIENCE_S: Final = 0.02


class FairQueue(Generic[Item]):
    """Items that wait, each for its owner. Those of one owner keep their order."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[bytes, deque[Item]] = OrderedDict()
        """Who was served longest ago comes first, and who begins to wait comes last."""

    def __len__(self) -> int:
        """Return how many items wait."""
        return sum(len(items) for items in self._waiting.values())

    def __bool__(self) -> bool:
        """Return whether something waits."""
        return bool(self._waiting)

    def __contains__(self, owner: bytes) -> bool:
        """Return whether something of ``owner`` waits."""
        return owner in self._waiting

    def put(self, item: Item, owner: bytes) -> None:
        """Have ``item`` wait."""
        self._waiting.setdefault(owner, deque()).append(item)

    def next_owner(
        self, may_have: Callable[[bytes], bool] = lambda _: True, held: Callable[[bytes], int] = lambda _: 0
    ) -> bytes | None:
        """Return who comes next, or None. ``may_have``: whether an owner may have more; ``held``: how much it has."""
        return min(filter(may_have, self._waiting), key=held, default=None)

    def pop(self, owner: bytes) -> Item:
        """Return the item of ``owner`` that has waited longest, which waits no more."""
        item = self._waiting[owner][0]
        self.remove(item, owner)
        return item

    def remove(self, item: Item, owner: bytes) -> None:
        """Have ``item`` wait no more."""
        items = self._waiting[owner]
        items.remove(item)
        if not items:
            del self._waiting[owner]

    def serve(self, owner: bytes) -> None:
        """Say that ``owner`` was served just now."""
        if owner in self._waiting:
            self._waiting.move_to_end(owner)


class FairShare:
    """``at_once`` slots, called from the event loop alone.

    One owner may hold all of them, but only ``beside_others`` while others have asked lately: what has started cannot
    be put off, and the less of it there is, the sooner they have their answer. A few requests that come at one moment
    may be more. ``now``: seconds on a clock that never goes back.
    """

    def __init__(self, at_once: int, beside_others: int, now: Callable[[], float]) -> None:
        self._free = at_once
        self._at_once = at_once
        self._beside_others = beside_others
        self._now = now
        self._held: dict[bytes, int] = {}
        self._asked: OrderedDict[bytes, float] = OrderedDict()
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        self._wanting_more: dict[bytes, float] = {}
        """Since when owners, without a break, have had their share and have been waiting for more."""

    @asynccontextmanager
    async def slot(self, owner: bytes) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        self._remember(owner)
        if self._may_have(owner):
            self._give(owner)
        else:
            await self._wait(owner)
        try:
            yield
        finally:
            self._give_back(owner)

    def held(self, owner: bytes) -> int:
        """Return how many slots an owner holds."""
        return self._held.get(owner, 0)

    def _remember(self, owner: bytes) -> None:
        now = self._now()
        self._asked[owner] = now
        self._asked.move_to_end(owner)
        while next(iter(self._asked.values())) <= now - _LATELY_S:
            self._asked.popitem(last=False)

    def _may_have(self, owner: bytes) -> bool:
        has_others = len(self._asked) > (owner in self._asked)
        return self._free > 0 and self.held(owner) < (self._share(owner) if has_others else self._at_once)

    def _share(self, owner: bytes) -> int:
        since = self._wanting_more.get(owner)
        is_burst = since is None or self._now() - since < _BURST_S
        return max(self._beside_others, _BURST) if is_burst else self._beside_others

    def _give(self, owner: bytes) -> None:
        self._free -= 1
        self._held[owner] = self.held(owner) + 1

    async def _wait(self, owner: bytes) -> None:
        given = asyncio.get_running_loop().create_future()
        self._waiting.put(given, owner)
        self._save_wish(owner)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(owner)
            else:
                self._waiting.remove(given, owner)
                self._save_wish(owner)
            raise

    def _give_back(self, owner: bytes) -> None:
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        self._waiting.serve(owner)
        # more than one where an owner may have all of them again
        while (following := self._waiting.next_owner(self._may_have, self.held)) is not None:
            given = self._waiting.pop(following)
            self._give(following)
            self._save_wish(following)
            given.set_result(None)

    def _save_wish(self, owner: bytes) -> None:
        """Save since when an owner has wanted more than its share, or that it does no longer."""
        if owner not in self._waiting:
            self._wanting_more.pop(owner, None)
        elif self.held(owner) >= self._beside_others:
            self._wanting_more.setdefault(owner, self._now())


class Batcher(Generic[Item]):
    """Threads that hand up to ``most`` items at once to ``work``, which must not raise.

    While one of the ``threads`` waits for others (a disk, a node), another works on those that came meanwhile. No
    owner waits behind all that another one asks for: each item is taken by the rule of ``FairQueue``.

    ``waits_for_full``: while earlier items are not ``finished``, only a full group sets out. So groups grow with what
    comes, and what is alone does not wait. ``busy``: how many items elsewhere say how much comes; for every 8 of them
    beyond 48 a group waits for one item, for 20 ms at most.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], None],
        *,
        name: str,
        threads: int,
        most: int,
        waits_for_full: bool = False,
        busy: Callable[[], int] = lambda: 0,
    ) -> None:
        self._work = work
        self._busy = busy
        self._first_at = 0.0
        """Since when the item waits that began the next group."""
        self._most = most
        self._waits_for_full = waits_for_full
        self.under_way = 0
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
        self.put_all([(item, owner)])

    def put_all(self, items: Sequence[tuple[Item, bytes]]) -> None:
        """Have each item of (item, owner) pairs worked on."""
        with self._changed:
            if items and not self._waiting:
                self._first_at = time.monotonic()
                self._changed.notify()
            for item, owner in items:
                self._waiting.put(item, owner)
            self._wake(len(items))

    def finished(self, items: int) -> None:
        """Say that so many items have come to their end, in whatever steps follow this one."""
        with self._changed:
            self.under_way -= items
            self._wake(1)

    def _wake(self, threads: int) -> None:
        # nobody wakes to find that there is no group yet
        if self._is_ready():
            self._changed.notify(threads)

    def __len__(self) -> int:
        """Return how many items wait."""
        with self._changed:
            return len(self._waiting)

    def _is_ready(self) -> bool:
        if self._is_ending or not self._waiting:
            return bool(self._waiting)
        if self.under_way:
            return len(self._waiting) >= self._most
        share = min(self._most, (self._busy() - _BUSY_FROM) // _BUSY_PER_ITEM)
        return len(self._waiting) >= share or self._patience_s() <= 0

    def _patience_s(self) -> float:
        return self._first_at + _PATIENCE_S - time.monotonic()

    def _run(self) -> None:
        while group := self._next_group():
            self._work(group)

    def _next_group(self) -> list[Item]:
        """Wait for items, and return some; none when they are to stop and nothing waits."""
        with self._changed:
            while not self._is_ready() and not self._is_ending:
                self._changed.wait(self._patience_s() if self._waiting and not self.under_way else None)
            taken: list[Item] = []
            while len(taken) < self._most and (owner := self._waiting.next_owner()) is not None:
                taken.append(self._waiting.pop(owner))
                self._waiting.serve(owner)
            if self._waits_for_full:
                self.under_way += len(taken)
            self._first_at = time.monotonic()
            return taken


class GroupWork(Batcher[tuple[Item, Future[Result]]], Generic[Item, Result]):
    """``each`` takes up to ``most`` items and returns for each, in their order, a result or an error."""

    def __init__(
        self,
        each: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        name: str,
        threads: int,
        most: int,
        busy: Callable[[], int] = lambda: 0,
    ) -> None:
        super().__init__(self._answer, name=name, threads=threads, most=most, busy=busy)
        self._each = each

    def submit(self, item: Item, owner: bytes = b"") -> Future[Result]:
        """Have ``item`` worked on for ``owner``, and return what will have its result or its error.

        It cannot be cancelled.
        """
        future: Future[Result] = started_future()
        self.put((item, future), owner)
        return future

    def _answer(self, group: Sequence[tuple[Item, Future[Result]]]) -> None:
        results = each_or_error(self._each, [item for item, _ in group])
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
