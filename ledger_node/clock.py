"""The one home of the clock. Everything else takes ``now`` as an argument."""

import time


def now() -> int:
    """Return the current time in whole seconds since 1970-01-01 UTC."""
    return int(time.time())  # noqa: TID251 - this is the one clock


def monotonic() -> float:
    """Return seconds on a clock that only goes forward, for intervals; its zero means nothing."""
    return time.monotonic()
