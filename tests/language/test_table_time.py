"""Times are those of Beijing, in words of one language or as tables show them."""

from api.language.table_time import iso_day, iso_time
from api.language.time_words import time_words
from ledger_node.domain.consent_text import Language

SECONDS = 1_795_696_500
"""2026-11-26 12:35 UTC."""


def test_a_time_is_said_in_beijing_to_the_minute():
    assert time_words(SECONDS, Language.ENGLISH) == "26 November 2026, 20:35 (Beijing time)"
    assert time_words(SECONDS, Language.CHINESE) == "2026 年 11 月 26 日 20:35（北京时间）"
    assert (iso_time(SECONDS), iso_day(SECONDS)) == ("2026-11-26 20:35", "2026-11-26")


def test_a_day_begins_in_beijing():
    midnight = SECONDS - SECONDS % 86_400 - 8 * 3_600
    assert (iso_day(midnight - 1), iso_day(midnight)) == ("2026-11-25", "2026-11-26")


def test_a_time_beyond_all_years_is_a_number():
    assert iso_time(2**40) == str(2**40)
