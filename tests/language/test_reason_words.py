"""Every reason speaks to people, in both languages."""

import re

import pytest

from api.language.reason.document import DOCUMENT_WORDS
from api.language.reason.operation import OPERATION_WORDS
from api.language.reason_words import WORDS, Reader, reason_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason

_ALLOWED = {"JSON", "UTF", "GB18030"}
"""Names that stand for themselves in Chinese too."""
_FORBIDDEN = ("hash", "gas", "wallet", "0x", "block", "区块", "链", "哈希", "控制人", "chain")


def test_every_reason_has_words_and_no_words_are_left_over():
    assert set(WORDS) == set(Reason)


@pytest.mark.parametrize("reader", list(Reader))
@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_says_what_it_means_and_what_to_do(reason, reader):
    for language, stop in ((Language.ENGLISH, "."), (Language.CHINESE, "。")):
        words = reason_words(reason, language, reader)
        assert words.meaning.endswith(stop)
        assert words.next_step.endswith(stop)


@pytest.mark.parametrize("reader", list(Reader))
@pytest.mark.parametrize("reason", list(Reason))
def test_the_chinese_has_no_english_word_and_the_english_no_chinese(reason, reader):
    chinese, english = (reason_words(reason, language, reader) for language in (Language.CHINESE, Language.ENGLISH))
    latin = set(re.findall(r"[A-Za-z][A-Za-z0-9]*", chinese.meaning + chinese.next_step))
    assert latin <= _ALLOWED
    assert not re.search(r"[\u3000-\u9fff]", english.meaning + english.next_step)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_firm_reads_none_of_the_words_of_the_machinery(reason):
    for language in Language:
        words = reason_words(reason, language, Reader.FIRM)
        said = f"{words.meaning} {words.next_step}".lower()
        assert not [word for word in _FORBIDDEN if re.search(rf"(?<![a-z]){word}", said)]


@pytest.mark.parametrize("reason", sorted(set(Reason) - set(DOCUMENT_WORDS) - set(OPERATION_WORDS)))
def test_a_sentence_has_at_most_25_words(reason):
    for reader in Reader:
        words = reason_words(reason, Language.ENGLISH, reader)
        for sentence in re.split(r"(?<=[.:])\s", f"{words.meaning} {words.next_step}"):
            assert len(sentence.split()) <= 25


def test_a_firm_and_a_bank_are_told_of_a_withdrawal_in_words_of_their_own():
    firm = reason_words(Reason.CONSENT_WITHDRAWN, Language.CHINESE, Reader.FIRM)
    bank = reason_words(Reason.CONSENT_WITHDRAWN, Language.CHINESE)
    assert firm.meaning == "这份授权已撤回。"
    assert bank.meaning == "企业已撤回授权。"
