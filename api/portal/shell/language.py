"""In which language somebody is shown pages: by the cookie, else by what the browser asks for."""

import re
from collections.abc import Mapping
from typing import Final

from ledger_node.domain.consent_text import Language

COOKIE: Final = "lang"
COOKIE_AGE_S: Final = 400 * 86_400
HTML_CODES: Final[Mapping[Language, str]] = {Language.CHINESE: "zh-CN", Language.ENGLISH: "en"}
_RANGE: Final = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


def language_of(cookie: str | None, accepted: str) -> Language:
    """Return the language of a cookie, else the one of ours that ``Accept-Language`` likes best, else Chinese."""
    if cookie is not None and cookie in set(Language):
        return Language(cookie)
    best, weight = Language.CHINESE, 0.0
    for part in accepted.split(","):
        found = _RANGE.fullmatch(part)
        if found is None or found[1].lower() not in set(Language):
            continue
        quality = float(found[2] or 1)
        if quality > weight:
            best, weight = Language(found[1].lower()), quality
    return best


def other(language: Language) -> Language:
    """Return the other one of our two languages."""
    return Language.ENGLISH if language is Language.CHINESE else Language.CHINESE
