"""Thresholds of ladders as arithmetic: how many there are, the j-th, and how many are at most a value (CL1, ladders).

Evidence may bring thousands of ladders that nobody trusts yet, and a ladder of days over decades has tens of thousands
of thresholds, so none is written out.
"""

import datetime as dt
from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from typing_extensions import override

from ledger_node.domain.value import EPOCH, add_months


class Thresholds(Sequence[int]):
    """L_1 < … < L_K; index 0 is L_1."""

    __slots__ = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """K, which may be more than a list in memory can have."""

    @abstractmethod
    def at(self, index: int) -> int:
        """Return the threshold of an index between 0 and K - 1."""

    @abstractmethod
    def at_most(self, value: int) -> int:
        """Return how many thresholds are at most ``value``."""

    @override
    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    @override
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        places = range(len(self))[index]
        return self.at(places) if isinstance(places, int) else [self.at(place) for place in places]

    @override
    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        below = self.at_most(value)
        return below > 0 and self.at(below - 1) == value


@dataclass(frozen=True, slots=True)
class Steps(Thresholds):
    """Every ``step``-th whole number from ``low`` to ``high``, both included; days are numbers too."""

    low: int
    high: int
    step: int = 1

    @property
    @override
    def size(self) -> int:
        return max(0, (self.high - self.low) // self.step + 1)

    @override
    def at(self, index: int) -> int:
        return self.low + index * self.step

    @override
    def at_most(self, value: int) -> int:
        return min(self.size, max(0, (value - self.low) // self.step + 1))


@dataclass(frozen=True, slots=True)
class Months(Thresholds):
    """First days of so many ``months``, from the month of the day ``first`` on, which is its first day."""

    first: int
    months: int

    @property
    @override
    def size(self) -> int:
        return self.months

    @override
    def at(self, index: int) -> int:
        return add_months(self.first, index)

    @override
    def at_most(self, value: int) -> int:
        if not self.months or value < self.first:
            return 0
        # beyond the last month a day may lie beyond all dates
        return self.months if value >= self.at(self.months - 1) else month_of(value) - month_of(self.first) + 1


@dataclass(frozen=True, slots=True)
class Digits(Thresholds):
    """Numbers d x 10^k between ``low`` and ``high``; d has as many digits as ``least``, which is 1 or 10."""

    least: int
    low: int
    high: int

    @property
    @override
    def size(self) -> int:
        return max(0, self._rank(self.high) - self._rank(self.low - 1))

    @override
    def at(self, index: int) -> int:
        power, place = divmod(self._rank(self.low - 1) + index, 9 * self.least)
        scale: int = 10**power
        return (self.least + place) * scale

    @override
    def at_most(self, value: int) -> int:
        return min(self.size, max(0, self._rank(value) - self._rank(self.low - 1)))

    def _rank(self, value: int) -> int:
        """Return how many numbers of this kind are at most ``value``, without regard to the bounds."""
        if value < self.least:
            return 0
        power = len(str(value)) - len(str(self.least))
        scale: int = 10**power
        return power * 9 * self.least + value // scale - self.least + 1


@dataclass(frozen=True, slots=True)
class SymmetricThresholds(Thresholds):
    """Thresholds above zero, their negatives, and zero."""

    above: Thresholds

    @property
    @override
    def size(self) -> int:
        return 2 * self.above.size + 1

    @override
    def at(self, index: int) -> int:
        place = index - self.above.size
        if place == 0:
            return 0
        return self.above.at(place - 1) if place > 0 else -self.above.at(-place - 1)

    @override
    def at_most(self, value: int) -> int:
        count = self.above.size
        return count - self.above.at_most(-value - 1) if value < 0 else count + 1 + self.above.at_most(value)


@dataclass(frozen=True, slots=True)
class Joined(Thresholds):
    """Computed thresholds with ``also``, which are a few more in rising order, none of them computed already."""

    computed: Thresholds
    also: tuple[int, ...]

    @property
    @override
    def size(self) -> int:
        return self.computed.size + len(self.also)

    @override
    def at(self, index: int) -> int:
        # how many of the others lie below: the n-th of them stands behind n others and what is computed below it
        before = bisect_left(range(len(self.also)), index, key=self._place)
        if before < len(self.also) and self._place(before) == index:
            return self.also[before]
        return self.computed.at(index - before)

    @override
    def at_most(self, value: int) -> int:
        return self.computed.at_most(value) + bisect_right(self.also, value)

    def _place(self, number: int) -> int:
        return self.computed.at_most(self.also[number]) + number


def month_of(day: int) -> int:
    """Return the number of the month that a day lies in."""
    date = EPOCH + dt.timedelta(days=day)
    return date.year * 12 + date.month
