"""Periods that attestations cover: a year, a month, or two dates."""

import re
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import add_months, format_date, parse_date

_MONTHS_A_YEAR: Final = 12
_END: Final = parse_date("9999-01-01", "period")
"""Periods end before the last year that dates can have, so that the day after them is one too."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """First and last day, both included, in days from 1970-01-01.

    Written ``2025``, ``2025-03``, or ``2025-01-01:2025-06-30``; the shortest form is the canonical one.
    """

    first: int
    last: int

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a period.

        Raises:
            InvalidInputError: ``value_malformed``.
        """
        if isinstance(raw, str):
            if re.fullmatch(r"[0-9]{4}", raw):
                return cls._months(parse_date(f"{raw}-01-01", "period"), _MONTHS_A_YEAR)
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}", raw):
                return cls._months(parse_date(f"{raw}-01", "period"), 1)
            first, colon, last = raw.partition(":")
            if colon:
                period = cls(parse_date(first, "period"), parse_date(last, "period"))
                if period.first <= period.last < _END:
                    return period
        raise InvalidInputError(
            Reason.VALUE_MALFORMED,
            "write a period as 2025, 2025-03 or 2025-01-01:2025-06-30",
            field="period",
        )

    @classmethod
    def _months(cls, first: int, months: int) -> Self:
        return cls(first, add_months(first, months) - 1)

    @override
    def __str__(self) -> str:
        first = format_date(self.first)
        if first.endswith("-01-01") and self == Period._months(self.first, _MONTHS_A_YEAR):
            return first[:4]
        if first.endswith("-01") and self == Period._months(self.first, 1):
            return first[:7]
        return f"{first}:{format_date(self.last)}"
