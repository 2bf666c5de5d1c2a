"""The language that commands speak: the one of ``--language``, or else that of the terminal's environment.

Data on stdout, help pages, and what the command line's own reader says of wrong options stay as they are.
"""

import datetime as dt
import unicodedata
from contextvars import ContextVar
from typing import Final

from api.home.settings import locale_variables
from api.language.choice import terminal_language
from api.language.moment import table_time
from api.language.translation import translation
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language

_CHOSEN: Final[ContextVar[Language | None]] = ContextVar("language", default=None)


def choose(language: Language | None) -> None:
    """Speak ``language`` from now on, whatever the environment says; None: what it says."""
    _CHOSEN.set(language)


def spoken() -> Language:
    """Return the language to speak."""
    return _CHOSEN.get() or terminal_language(locale_variables())


def gettext(text: str) -> str:
    """Return ``text`` in the language that is spoken."""
    return translation(spoken()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of the text that goes with ``count``, in the language that is spoken."""
    return translation(spoken()).ngettext(one, many, count)


def moment(seconds: int) -> str:
    """Return a moment within a sentence: as people write it in Chinese, as ISO 8601 in English."""
    return time_words(seconds, spoken()) if spoken() is Language.CHINESE else iso_time(seconds)


def iso_time(seconds: int) -> str:
    """Return a moment in UTC, as ISO 8601 writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def row_time(seconds: int) -> str:
    """Return a moment in a table: in Beijing's time for who reads Chinese, otherwise as ISO 8601."""
    return table_time(seconds) if spoken() is Language.CHINESE else iso_time(seconds)


def padded(text: str, columns: int) -> str:
    """Return ``text`` filled with spaces to so many columns; Chinese letters take two."""
    width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(columns - width, 0)
