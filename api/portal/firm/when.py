"""Times as people write them: those of Beijing, to the minute."""

import datetime as dt
from typing import Final

from ledger_node.domain.consent_text import Language

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))


def time_words(seconds: int, language: Language) -> str:
    """Return a time: 26 November 2026, 20:35 (Beijing time) or 2026 年 11 月 26 日 20:35（北京时间）."""
    time = dt.datetime.fromtimestamp(seconds, _BEIJING)
    clock = time.strftime("%H:%M")
    if language is Language.CHINESE:
        return f"{time.year} 年 {time.month} 月 {time.day} 日 {clock}（北京时间）"
    return f"{time.day} {time.strftime('%B')} {time.year}, {clock} (Beijing time)"
