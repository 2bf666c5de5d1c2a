"""Times and days as people write them: see ``moment``."""

from api.language.moment import day_words, time_words

__all__ = ["day_words", "time_words"]
