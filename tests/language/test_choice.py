"""Which language is spoken."""

import pytest

from api.language.choice import accepted_language, terminal_language
from ledger_node.domain.consent_text import Language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.CHINESE),
        ("en-GB,en;q=0.9,zh;q=0.8", Language.ENGLISH),
        ("en;q=0.5, zh;q=0.7", Language.CHINESE),
        ("fr-FR, en;q=0.1", Language.ENGLISH),
        ("fr", Language.CHINESE),
        ("en;q=0", Language.CHINESE),
        ("zh;q=0,en", Language.ENGLISH),
        ("en;q=nonsense", Language.CHINESE),
        ("en;q=nan", Language.CHINESE),
        ("EN-us", Language.ENGLISH),
        ("", Language.CHINESE),
        (None, Language.CHINESE),
        ("en," * 100_000, Language.ENGLISH),
    ],
)
def test_the_language_that_a_browser_likes_best_is_spoken(header, language):
    assert accepted_language(header) is language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, Language.CHINESE),
        ({"LANG": "C.UTF-8"}, Language.ENGLISH),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, Language.ENGLISH),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, Language.CHINESE),
        ({"LC_ALL": "POSIX", "LANG": "zh_CN"}, Language.ENGLISH),
        ({}, Language.ENGLISH),
    ],
)
def test_a_terminal_speaks_the_language_of_its_environment(environment, language):
    assert terminal_language(environment) is language
