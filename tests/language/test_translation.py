"""Texts in the language of who reads them."""

from api.language.translation import translation
from ledger_node.domain.consent_text import Language


def test_english_is_the_text_itself():
    assert translation(Language.ENGLISH).gettext("Withdraw") == "Withdraw"


def test_what_has_no_translation_stays():
    assert translation(Language.CHINESE).gettext("no text of ours") == "no text of ours"


def test_the_empty_text_is_empty_and_not_the_head_of_the_file():
    assert not translation(Language.CHINESE).gettext("")


def test_english_has_two_forms():
    assert translation(Language.ENGLISH).ngettext("one", "many", 1) == "one"
    assert translation(Language.ENGLISH).ngettext("one", "many", 2) == "many"
