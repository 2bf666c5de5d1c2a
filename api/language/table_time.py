"""Times and days as tables show them, in Beijing time: 2026-11-26 20:35."""

import datetime as dt
from typing import Final

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LAST_TIME: Final = 253_402_214_400
"""2^40 seconds lie beyond the last year that dates have."""


def iso_time(seconds: int) -> str:
    """Return a time, given in seconds since 1970-01-01 UTC."""
    if seconds > _LAST_TIME:
        return str(seconds)
    return dt.datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M")


def iso_day(seconds: int) -> str:
    """Return the day of a time."""
    return iso_time(seconds)[:10]
