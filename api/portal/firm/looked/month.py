"""Months in Beijing, by which who looked is listed."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.amount_words import month_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import EPOCH

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_DECEMBER: Final = 12
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9999
MAX_MONTHS: Final = 36


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a year."""

    year: int
    month: int

    @classmethod
    def of(cls, seconds: int) -> Self:
        """Return the month of a moment."""
        day = dt.datetime.fromtimestamp(seconds, _BEIJING)
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a month as addresses write it: 2026-11.

        Raises:
            InvalidInputError: ``not_found``; it is none.
        """
        try:
            day = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=_BEIJING)
        except ValueError as error:
            raise _unknown() from error
        if not _FIRST_YEAR <= day.year < _LAST_YEAR:
            raise _unknown()
        return cls(day.year, day.month)

    @property
    def code(self) -> str:
        """The month as addresses write it."""
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def before(self) -> Self:
        """The month before."""
        made = (self.year - 1, _DECEMBER) if self.month == 1 else (self.year, self.month - 1)
        return type(self)(*made)

    @property
    def since(self) -> int:
        """When it begins."""
        return int(dt.datetime(self.year, self.month, 1, tzinfo=_BEIJING).timestamp())

    @property
    def until(self) -> int:
        """When it is over."""
        year, month = (self.year + 1, 1) if self.month == _DECEMBER else (self.year, self.month + 1)
        return int(dt.datetime(year, month, 1, tzinfo=_BEIJING).timestamp())

    def words(self, language: Language) -> str:
        """Return it as people write it: November 2026."""
        return month_words((dt.date(self.year, self.month, 1) - EPOCH).days, language)


def _unknown() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "there is no such month")


def months_to_choose(first: int | None, now: int) -> tuple[Month, ...]:
    """Return the months from that of ``first`` to this one, this one first."""
    made = [Month.of(now)]
    oldest = made[0] if first is None else Month.of(first)
    while made[-1] > oldest and len(made) < MAX_MONTHS:
        made.append(made[-1].before)
    return tuple(made)
