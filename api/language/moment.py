"""Days and times of tables and lists: those of Beijing. Times in words are ``ledger_node.domain.amount_words``."""

import datetime as dt
from typing import Final

from ledger_node.domain.amount_words import date_words
from ledger_node.domain.consent_text import Language

_BEIJING_S: Final = 8 * 3_600
_BEIJING: Final = dt.timezone(dt.timedelta(seconds=_BEIJING_S))
_DAY_S: Final = 86_400
_LAST_TIME: Final = 253_402_214_400
"""The last second that dates have; 2^40 seconds lie beyond it."""


def day_words(seconds: int, language: Language) -> str:
    """Return the day of a moment: 26 November 2026 or 2026 年 11 月 26 日."""
    return str(seconds) if seconds > _LAST_TIME else date_words((seconds + _BEIJING_S) // _DAY_S, language)


def table_time(seconds: int) -> str:
    """Return a moment to the second: 2026-11-26 20:35:00."""
    return _formatted(seconds, "%Y-%m-%d %H:%M:%S")


def table_minute(seconds: int) -> str:
    """Return a moment to the minute: 2026-11-26 20:35."""
    return _formatted(seconds, "%Y-%m-%d %H:%M")


def table_day(seconds: int) -> str:
    """Return the day of a moment: 2026-11-26."""
    return _formatted(seconds, "%Y-%m-%d")


def _formatted(seconds: int, form: str) -> str:
    return str(seconds) if seconds > _LAST_TIME else dt.datetime.fromtimestamp(seconds, _BEIJING).strftime(form)
