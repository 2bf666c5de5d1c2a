"""Times and days as people write them."""

import pytest

from api.language.moment import day_words, table_day, table_minute, table_time
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language

TIME = 1_795_696_500  # 2026-11-26 12:35:00 UTC


@pytest.mark.parametrize(
    ("words", "language", "text"),
    [
        (time_words, Language.CHINESE, "2026 年 11 月 26 日 20:35（北京时间）"),
        (time_words, Language.ENGLISH, "26 November 2026, 20:35 (Beijing time)"),
        (day_words, Language.CHINESE, "2026 年 11 月 26 日"),
        (day_words, Language.ENGLISH, "26 November 2026"),
    ],
)
def test_a_moment_is_said_as_it_is_in_beijing(words, language, text):
    assert words(TIME, language) == text


def test_a_table_has_the_moment_to_the_second_the_minute_or_the_day():
    assert table_time(TIME) == "2026-11-26 20:35:00"
    assert (table_minute(TIME), table_day(TIME)) == ("2026-11-26 20:35", "2026-11-26")


@pytest.mark.parametrize("language", list(Language))
def test_a_time_beyond_the_calendar_is_the_number_of_its_second(language):
    assert time_words(1 << 40, language) == day_words(1 << 40, language) == table_time(1 << 40) == str(1 << 40)


def test_midnight_in_beijing_is_the_next_day_there():
    assert day_words(1_795_708_800, Language.ENGLISH) == "27 November 2026"
