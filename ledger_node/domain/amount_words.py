"""Numbers, days and times as people write them in one language: exact, or not at all.

Amounts in Chinese use 万 and 亿 where no more than two decimals are left: 500000 is 50 万元, 120000000 is 1.2 亿元, and
123456 is 123,456 元. Times are those of Beijing, to the minute.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from ledger_node.domain.measure import PERCENT, Measure
from ledger_node.domain.number import decimal_text
from ledger_node.domain.value import EPOCH, Period
from ledger_node.domain.wording import Language, Wording

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LAST_TIME: Final = 253_402_214_400
"""2^40 seconds lie beyond the last year that dates have."""
_YUAN: Final = "CNY"
_GROUPED_FROM: Final = 10_000
"""Below, a number without a currency has no commas: it may be a year."""
_LARGE: Final = ((8, "亿"), (4, "万"))
"""Powers of ten that have a word; two decimals of it may be left."""
_DECIMALS: Final = 2
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def amount_words(value: int, measure: Measure, wording: Wording) -> str:
    """Return smallest units with their currency or unit: CNY 500,000 or 50 万元, 12.5%, 3 months or 3 个月."""
    if measure.currency is not None:
        return _money(value, measure, wording.language)
    number = _number(value, measure.scale)
    if measure.unit is None:
        return number
    if measure.unit == PERCENT:
        return f"{number}%"
    return unit_words(number, measure.unit, wording.units)


def unit_words(number: str, unit: str, units: Mapping[str, tuple[str, str]]) -> str:
    """Return a number with the words of its unit."""
    one, other = units.get(unit, (f"{{0}} {unit}", f"{{0}} {unit}"))
    return (one if number == "1" else other).format(number)


def _money(value: int, measure: Measure, language: Language) -> str:
    if measure.currency != _YUAN or language is not Language.CHINESE:
        return f"{measure.currency} {_grouped(decimal_text(value, measure.scale))}"
    for power, word in _LARGE:
        whole, step = 10 ** (measure.scale + power), 10 ** (measure.scale + power - _DECIMALS)
        if abs(value) >= whole and value % step == 0:
            return f"{_grouped(decimal_text(value // step, _DECIMALS))} {word}元"
    return f"{_grouped(decimal_text(value, measure.scale))} 元"


def _number(value: int, scale: int) -> str:
    text = decimal_text(value, scale)
    return _grouped(text) if abs(value) >= _GROUPED_FROM * 10**scale else text


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else text


def date_words(days: int, language: Language) -> str:
    """Return a day in days since 1970-01-01: 26 November 2026 or 2026 年 11 月 26 日."""
    day = EPOCH + dt.timedelta(days=days)
    if language is Language.CHINESE:
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def month_words(days: int, language: Language) -> str:
    """Return the month of a day: November 2026 or 2026 年 11 月."""
    day = EPOCH + dt.timedelta(days=days)
    if language is Language.CHINESE:
        return f"{day.year} 年 {day.month} 月"
    return f"{_MONTHS[day.month - 1]} {day.year}"


def period_words(period: Period, wording: Wording) -> str:
    """Return a period: in 2025, in March 2025, or from one day to another."""
    language, phrases = wording.language, wording.phrases
    written = str(period)
    if ":" in written:
        first, last = (date_words(day, language) for day in (period.first, period.last))
        return phrases["within_days"].format(first=first, last=last)
    if "-" in written:
        return phrases["within"].format(period=month_words(period.first, language))
    return phrases["within"].format(period=f"{written} 年" if language is Language.CHINESE else written)


def time_words(seconds: int, language: Language) -> str:
    """Return a time in seconds since 1970-01-01 UTC: 26 November 2026, 20:35 (Beijing time)."""
    if seconds > _LAST_TIME:
        return str(seconds)
    time = dt.datetime.fromtimestamp(seconds, _BEIJING)
    day = date_words((time.date() - EPOCH).days, language)
    clock = f"{time:%H:%M}"
    return f"{day} {clock}（北京时间）" if language is Language.CHINESE else f"{day}, {clock} (Beijing time)"
