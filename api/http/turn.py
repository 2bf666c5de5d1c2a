"""Taking turns at work that fills the processor: whoever asks for much waits for itself and not for others."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairTurns:
    """So many at a time, called from the event loop alone.

    A turn that becomes free goes to the caller, of those that wait, who has the fewest; among equals to the one that
    ended a turn longest ago.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._held: dict[bytes, int] = {}
        self._waiting: OrderedDict[bytes, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, caller: bytes) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        if self._free:
            self._free -= 1
            self._held[caller] = self._held.get(caller, 0) + 1
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._give_back(caller)

    def held(self, caller: bytes) -> int:
        """Return how many turns a caller holds."""
        return self._held.get(caller, 0)

    async def _wait(self, caller: bytes) -> None:
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(given)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(caller)
            else:
                self._forget(caller, given)
            raise

    def _give_back(self, caller: bytes) -> None:
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        if not self._waiting:
            self._free += 1
            return
        if caller in self._waiting:
            self._waiting.move_to_end(caller)
        following = min(self._waiting, key=lambda waiting: self._held.get(waiting, 0))
        given = self._waiting[following][0]
        self._forget(following, given)
        self._held[following] = self._held.get(following, 0) + 1
        given.set_result(None)

    def _forget(self, caller: bytes, given: "asyncio.Future[None]") -> None:
        self._waiting[caller].remove(given)
        if not self._waiting[caller]:
            del self._waiting[caller]
