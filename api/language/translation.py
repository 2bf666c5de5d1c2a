"""Texts of pages, commands and notices in the language of who reads them.

The English text is the key. The Chinese stands in ``zh/LC_MESSAGES/credence.po``, which ``scripts/translate`` keeps
and compiles. Reading needs the standard library only.
"""

import gettext
from functools import cache
from importlib.resources import files
from typing import Final

from ledger_node.domain.consent_text import Language

DOMAIN: Final = "credence"


class Translation:
    """The texts of one language; a text that has no translation stays English."""

    def __init__(self, language: Language, texts: gettext.NullTranslations) -> None:
        self.language = language
        self._texts = texts

    def gettext(self, text: str) -> str:
        """Return ``text`` in this language."""
        # the empty text is the head of the file of translations
        return self._texts.gettext(text) if text else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the form of the text that goes with ``count``."""
        return self._texts.ngettext(one, many, count)

    def pgettext(self, context: str, text: str) -> str:
        """Return ``text`` as it is said in ``context``, where one English word has two meanings."""
        return self._texts.pgettext(context, text)

    def npgettext(self, context: str, one: str, many: str, count: int) -> str:
        """Return the form of the text that goes with ``count``, as it is said in ``context``."""
        return self._texts.npgettext(context, one, many, count)


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools and readers know
    """Return ``text`` as it is: it is marked here, and translated where it is shown."""
    return text


@cache
def translation(language: Language) -> Translation:
    """Return the texts of a language."""
    if language is Language.ENGLISH:
        return Translation(language, gettext.NullTranslations())
    compiled = files("api.language") / language.value / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with compiled.open("rb") as file:
        return Translation(language, gettext.GNUTranslations(file))
