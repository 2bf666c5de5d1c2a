"""Fair shares of work that fills the processor: whoever asks for much waits for itself and not for others."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

_LATELY_S: Final = 300
"""Who asked for a slot in so many seconds is somebody to leave room for."""
_BURST: Final = 8
_BURST_S: Final = 1.0
"""So many a caller may have beside others until it has gone on for so long asking for more than its share."""


class FairShare:
    """``at_once`` slots, called from the event loop alone.

    One caller may hold all of them, but only ``beside_others`` while others have asked lately. Work that has started
    cannot be put off, and the less of it there is, the sooner others have their answer. A short burst may hold more.
    A slot that becomes free goes to the waiting caller that holds the fewest; among equals to the one that released a
    slot longest ago.
    ``now``: seconds on a clock that never goes back.
    """

    def __init__(self, at_once: int, beside_others: int, now: Callable[[], float]) -> None:
        self._free = at_once
        self._at_once = at_once
        self._beside_others = beside_others
        self._now = now
        self._held: dict[bytes, int] = {}
        self._asked: OrderedDict[bytes, float] = OrderedDict()
        self._waiting: OrderedDict[bytes, deque[asyncio.Future[None]]] = OrderedDict()
        self._wanting_more: dict[bytes, float] = {}
        """Since when callers, without a break, have had their share and have been waiting for more."""

    @asynccontextmanager
    async def slot(self, caller: bytes) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        self._mark_active(caller)
        if self._may_acquire(caller):
            self._acquire(caller)
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._release(caller)

    def held(self, caller: bytes) -> int:
        """Return how many slots a caller holds."""
        return self._held.get(caller, 0)

    def _mark_active(self, caller: bytes) -> None:
        now = self._now()
        self._asked[caller] = now
        self._asked.move_to_end(caller)
        while next(iter(self._asked.values())) <= now - _LATELY_S:
            self._asked.popitem(last=False)

    def _may_acquire(self, caller: bytes) -> bool:
        has_others = len(self._asked) > (caller in self._asked)
        return self._free > 0 and self.held(caller) < (self._share(caller) if has_others else self._at_once)

    def _share(self, caller: bytes) -> int:
        since = self._wanting_more.get(caller)
        is_burst = since is None or self._now() - since < _BURST_S
        return max(self._beside_others, _BURST) if is_burst else self._beside_others

    def _acquire(self, caller: bytes) -> None:
        self._free -= 1
        self._held[caller] = self.held(caller) + 1

    async def _wait(self, caller: bytes) -> None:
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(given)
        self._mark_wish(caller)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._release(caller)
            else:
                self._forget(caller, given)
            raise

    def _release(self, caller: bytes) -> None:
        self._free += 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        if caller in self._waiting:
            self._waiting.move_to_end(caller)
        # more than one where a caller may have all of them again
        while (following := min(filter(self._may_acquire, self._waiting), key=self.held, default=None)) is not None:
            given = self._waiting[following][0]
            self._forget(following, given)
            self._acquire(following)
            self._mark_wish(following)
            given.set_result(None)

    def _forget(self, caller: bytes, given: "asyncio.Future[None]") -> None:
        self._waiting[caller].remove(given)
        if not self._waiting[caller]:
            del self._waiting[caller]
            self._wanting_more.pop(caller, None)

    def _mark_wish(self, caller: bytes) -> None:
        if caller in self._waiting and self.held(caller) >= self._beside_others:
            self._wanting_more.setdefault(caller, self._now())
