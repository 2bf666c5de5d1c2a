"""In which language somebody is shown pages: by the cookie, else by what the browser asks for."""

from collections.abc import Mapping
from typing import Final

from api.language.choice import accepted_language
from ledger_node.domain.consent_text import Language

COOKIE: Final = "lang"
COOKIE_AGE_S: Final = 400 * 86_400
HTML_CODES: Final[Mapping[Language, str]] = {Language.CHINESE: "zh-CN", Language.ENGLISH: "en"}


def language_of(cookie: str | None, accepted: str) -> Language:
    """Return the language of a cookie, else the one of ours that ``Accept-Language`` likes best, else Chinese."""
    return Language(cookie) if cookie in set(Language) else accepted_language(accepted)


def other(language: Language) -> Language:
    """Return the other one of our two languages."""
    return Language.ENGLISH if language is Language.CHINESE else Language.CHINESE
