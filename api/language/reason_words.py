"""What a reason says to a person: in the person's language, and in the words of the person's role."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from api.language.reason.consent import CONSENT_WORDS
from api.language.reason.document import DOCUMENT_WORDS
from api.language.reason.firm import DOCUMENT_FAILED, FIRM_WORDS
from api.language.reason.operation import OPERATION_WORDS
from api.language.reason.people import PEOPLE_WORDS
from api.language.reason.request import REQUEST_WORDS
from api.language.reason.words import ReasonWords
from api.language.translation import translation
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason

__all__ = ["Reader", "ReasonWords", "reason_words"]

WORDS: Final[Mapping[Reason, ReasonWords]] = {
    **REQUEST_WORDS,
    **DOCUMENT_WORDS,
    **CONSENT_WORDS,
    **PEOPLE_WORDS,
    **OPERATION_WORDS,
}
"""One entry a reason; a test fails where one lacks."""


class Reader(StrEnum):
    """Who reads: a firm is spoken to as the owner of the consent, anybody else as who works with it."""

    FIRM = "firm"
    STAFF = "staff"


def reason_words(reason: Reason, language: Language, reader: Reader = Reader.STAFF) -> ReasonWords:
    """Return what ``reason`` means and what ``reader`` can do about it."""
    words = WORDS[reason]
    if reader is Reader.FIRM:
        words = FIRM_WORDS.get(reason, DOCUMENT_FAILED if reason in DOCUMENT_WORDS else words)
    texts = translation(language)
    return ReasonWords(texts.gettext(words.meaning), texts.gettext(words.next_step))
