"""Jinja templates: everything escaped, a name that is not there is an error, texts in the page's language."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.language.moment import day_words
from api.language.translation import translation
from api.portal.shell.amount import whole_amounts
from api.portal.shell.language import HTML_CODES
from api.portal.shell.static_file import static_url
from api.portal.shell.table_filter import TABLE_FILTERS
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language

FOLDER: Final = Path(__file__).parent.parent / "template"


@cache
def environment(language: Language) -> Environment:
    """Return what renders templates in a language."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters.update(TABLE_FILTERS, whole_amounts=whole_amounts)
    texts = translation(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        texts.gettext, texts.ngettext, newstyle=True, pgettext=texts.pgettext, npgettext=texts.npgettext
    )
    made.filters.update(
        moment=lambda seconds: time_words(seconds, language),
        day=lambda seconds: day_words((seconds + 28_800) // 86_400, language),
    )
    made.globals.update(static=static_url, html_language=HTML_CODES[language])
    return made
