"""Times and days as people write them in one language. Times are those of Beijing, to the minute."""

import datetime as dt
from typing import Final

from ledger_node.domain.consent_text import Language
from ledger_node.domain.value import EPOCH

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LAST_TIME: Final = 253_402_214_400
"""2^40 seconds lie beyond the last year that dates have."""
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def time_words(seconds: int, language: Language) -> str:
    """Return a time in seconds since 1970-01-01 UTC: 26 November 2026, 20:35 (Beijing time)."""
    if seconds > _LAST_TIME:
        return str(seconds)
    time = dt.datetime.fromtimestamp(seconds, _BEIJING)
    day = day_words((time.date() - EPOCH).days, language)
    clock = f"{time:%H:%M}"
    return f"{day} {clock}（北京时间）" if language is Language.CHINESE else f"{day}, {clock} (Beijing time)"


def day_words(days: int, language: Language) -> str:
    """Return a day in days since 1970-01-01: 26 November 2026 or 2026 年 11 月 26 日."""
    day = EPOCH + dt.timedelta(days=days)
    if language is Language.CHINESE:
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def iso_time(seconds: int) -> str:
    """Return a time as tables show it: 2026-11-26 20:35, in Beijing."""
    if seconds > _LAST_TIME:
        return str(seconds)
    return dt.datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M")


def iso_day(seconds: int) -> str:
    """Return the day in Beijing of a time as tables show it: 2026-11-26."""
    return iso_time(seconds)[:10]
