"""Rate limits: a token bucket for each caller and class of request, so that who floods waits and nobody else."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Final

from api.home.settings import MAX_IN_FLIGHT, HttpSettings, Rate
from api.http.problem.document import TryLaterError
from ledger_node.domain.reason import Reason

_PATIENCE_S: Final = 5.0
"""How long a request is held that comes while as many of its caller's are under way as may be."""
_MAX_CALLERS: Final = 10_000
"""Buckets that are kept; those unused for longest are forgotten first, and by then they are full."""


class RequestClass(StrEnum):
    """Classes of request, each with buckets of its own."""

    READ = "reads"
    VERIFICATION = "verifications"
    EFFECT = "effects"
    ANONYMOUS = "anonymous"


class TokenBuckets:
    """One bucket a caller: it holds ``burst`` tokens, gains ``per_s`` a second, and a request takes one."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._held: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, caller: bytes, now: float) -> float:
        """Take a token and return 0, or the seconds until there is one."""
        tokens, since = self._held.pop(caller, (float(self._rate.burst), now))
        tokens = min(self._rate.burst, tokens + max(0.0, now - since) * self._rate.per_s)
        taken = tokens >= 1
        self._held[caller] = (tokens - 1 if taken else tokens, now)
        if len(self._held) > _MAX_CALLERS:
            self._held.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._rate.per_s


class RateLimits:
    """The limits of one process, called from its event loop alone.

    ``now``: seconds on a clock that never goes back; ``refused`` is told of every refusal.
    """

    def __init__(
        self, settings: HttpSettings, now: Callable[[], float], refused: Callable[[RequestClass], None] = lambda _: None
    ) -> None:
        self._now = now
        self._refused = refused
        self._buckets = {
            RequestClass.READ: TokenBuckets(settings.reads),
            RequestClass.VERIFICATION: TokenBuckets(settings.verifications),
            RequestClass.EFFECT: TokenBuckets(settings.effects),
            RequestClass.ANONYMOUS: TokenBuckets(settings.anonymous),
        }
        self._in_flight: dict[bytes, int] = {}
        self._waiting: dict[bytes, OrderedDict[asyncio.Future[None], None]] = {}

    async def wait_for_room(self, caller: bytes) -> None:
        """Wait as long as a caller has as many requests under way as it may, some seconds at most.

        Who sends the next one whatever it is told would else be told so more often than others are answered.
        """
        room = asyncio.get_running_loop().create_future
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while self._in_flight.get(caller, 0) >= MAX_IN_FLIGHT:
                    waiting, one = self._waiting.setdefault(caller, OrderedDict()), room()
                    waiting[one] = None
                    try:
                        await one
                    finally:
                        waiting.pop(one, None)
                        if not waiting:
                            self._waiting.pop(caller, None)

    @contextmanager
    def admitted(self, caller: bytes, request_class: RequestClass) -> Iterator[None]:
        """Count a request as under way.

        Raises:
            TryLaterError: ``rate_limited``, with the seconds after which the caller may ask again.
        """
        wait = self._buckets[request_class].take(caller, self._now())
        if wait > 0:
            self._refused(request_class)
            raise _too_many(
                f"you send more {request_class.value} requests than are taken from one caller", math.ceil(wait)
            )
        under_way = self._in_flight.get(caller, 0)
        if under_way >= MAX_IN_FLIGHT:
            self._refused(request_class)
            raise _too_many(f"{MAX_IN_FLIGHT} of your requests are under way; wait for their answers", 1)
        self._in_flight[caller] = under_way + 1
        try:
            yield
        finally:
            left = self._in_flight[caller] - 1
            if left:
                self._in_flight[caller] = left
            else:
                del self._in_flight[caller]
            for one in self._waiting.get(caller, ()):
                if not one.done():
                    one.set_result(None)
                    break


def _too_many(what: str, seconds: int) -> TryLaterError:
    return TryLaterError(Reason.RATE_LIMITED, f"{what}; try again in {seconds} s", seconds)
