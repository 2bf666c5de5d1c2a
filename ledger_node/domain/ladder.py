"""Ladders: the published thresholds L_1 < … < L_K of a field (CL1, questions and proofs).

A question may only use a threshold of the ladder. With free thresholds some forty answers would
binary-search the amount; with a published ladder they cannot. Thresholds are arithmetic (how many there are, the
j-th, how many are at most a value): evidence may bring thousands of ladders that nobody trusts yet, so none is
written out.
"""

import datetime as dt
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self, overload

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, schema_invalid
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import EPOCH, MAX_INTEGER, Special, Value, add_months, parse_date, parse_month

MAX_POINTS: Final = 4096


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
class Span(Thresholds):
    """All whole numbers from ``low`` to ``high``, both included; days are numbers too."""

    low: int
    high: int

    @property
    @override
    def size(self) -> int:
        return max(0, self.high - self.low + 1)

    @override
    def at(self, index: int) -> int:
        return self.low + index

    @override
    def at_most(self, value: int) -> int:
        return min(self.size, max(0, value - self.low + 1))


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
        return self.months if value >= self.at(self.months - 1) else _month_of(value) - _month_of(self.first) + 1


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


def _month_of(day: int) -> int:
    """Return the number of the month that a day lies in."""
    date = EPOCH + dt.timedelta(days=day)
    return date.year * 12 + date.month


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds in rising order, and the canonical JSON that generates them."""

    kind: str
    thresholds: Thresholds
    spec: JSON

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read a ladder of a schema.

        Kinds: ``one_digit`` (1…9 × 10^k between ``from`` and ``to``), ``two_digits`` (10…99 × 10^k),
        ``integers`` (all from ``from`` to ``to``), ``months`` and ``days`` (``from`` and ``to`` written
        YYYY-MM or YYYY-MM-DD). Ladders of digits may be ``mirrored``: the negatives and zero belong to them.

        Raises:
            InvalidInputError: ``schema_invalid``, also for more than 4,096 points.
        """
        with JsonObject(value, "ladder") as record:
            kind = record.text("kind")
            make = _KINDS.get(kind)
            if make is None:
                raise schema_invalid(f"a ladder is one of {', '.join(sorted(_KINDS))}", field="ladder")
            thresholds = make(record)
        if not thresholds.size:
            raise schema_invalid("a ladder has at least one threshold", field="ladder")
        if thresholds.size > MAX_POINTS:
            raise schema_invalid(f"a ladder has at most {MAX_POINTS} points", field="ladder")
        return cls(kind, thresholds, value)

    def __len__(self) -> int:
        return len(self.thresholds)

    def idx(self, value: Value) -> int:
        """Return how many thresholds are at most ``value``; none on record lies below all of them."""
        if value is Special.NONE_ON_RECORD:
            return 0
        if isinstance(value, str | Special):
            raise TypeError("only numbers and dates lie on a ladder")
        return self.thresholds.at_most(value)

    def position(self, threshold: int, show: Callable[[int], str] = str) -> int:
        """Return j with L_j = ``threshold``, counted from 1; ``show`` words thresholds for the error.

        Raises:
            InvalidInputError: ``off_ladder``, naming the allowed thresholds nearby.
        """
        above = self.thresholds.at_most(threshold)
        if threshold in self.thresholds:
            return above
        nearby = [show(point) for point in self.thresholds[max(0, above - 2) : above + 2]]
        raise InvalidInputError(
            Reason.OFF_LADDER,
            f"this threshold is not on the field's ladder; allowed nearby: {', '.join(nearby)} "
            f"(the ladder goes from {show(self.thresholds[0])} to {show(self.thresholds[-1])})",
        )


def _digits(record: JsonObject, least: int) -> Thresholds:
    low, high = _bounds(record)
    if low < 1:
        raise schema_invalid("a ladder of significant digits starts above zero", field="ladder")
    above = Digits(least, low, high)
    return SymmetricThresholds(above) if record.flag("mirrored") else above


def _months(record: JsonObject) -> Thresholds:
    low, high = parse_month(record.take("from"), "from"), parse_month(record.take("to"), "to")
    return Months(low, max(0, _month_of(high) - _month_of(low) + 1))


def _days(record: JsonObject) -> Thresholds:
    return Span(parse_date(record.take("from"), "from"), parse_date(record.take("to"), "to"))


def _bounds(record: JsonObject) -> tuple[int, int]:
    return (
        record.integer("from", low=-MAX_INTEGER, high=MAX_INTEGER),
        record.integer("to", low=-MAX_INTEGER, high=MAX_INTEGER),
    )


_KINDS: Final[dict[str, Callable[[JsonObject], Thresholds]]] = {
    "one_digit": lambda record: _digits(record, 1),
    "two_digits": lambda record: _digits(record, 10),
    "integers": lambda record: Span(*_bounds(record)),
    "months": _months,
    "days": _days,
}
