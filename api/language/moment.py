"""Times and days as people write them: those of Beijing, in their own language."""

import datetime as dt
from typing import Final

from ledger_node.domain.consent_text import Language

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LAST_TIME: Final = 253_402_214_400
"""The last second that dates have; 2^40 seconds lie beyond it."""
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def time_words(seconds: int, language: Language) -> str:
    """Return a moment to the minute: 26 November 2026, 20:35 (Beijing time), 2026 年 11 月 26 日 20:35（北京时间）."""
    if seconds > _LAST_TIME:
        return str(seconds)
    time = dt.datetime.fromtimestamp(seconds, _BEIJING)
    if language is Language.CHINESE:
        return f"{_day(time.date(), language)} {time:%H:%M}（北京时间）"
    return f"{_day(time.date(), language)}, {time:%H:%M} (Beijing time)"


def day_words(seconds: int, language: Language) -> str:
    """Return the day of a moment in Beijing: 26 November 2026 or 2026 年 11 月 26 日."""
    return str(seconds) if seconds > _LAST_TIME else _day(dt.datetime.fromtimestamp(seconds, _BEIJING).date(), language)


def table_time(seconds: int) -> str:
    """Return a moment as tables have it, in Beijing and to the second: 2026-11-26 20:35:00."""
    if seconds > _LAST_TIME:
        return str(seconds)
    return dt.datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _day(day: dt.date, language: Language) -> str:
    if language is Language.CHINESE:
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
