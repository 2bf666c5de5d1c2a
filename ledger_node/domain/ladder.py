"""Ladders: the published thresholds L_1 < … < L_K of a field (CL1, questions and proofs).

A question may only use a threshold of the ladder. With free thresholds some forty answers would
binary-search the amount; with a published ladder they cannot.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record
from ledger_node.domain.value import MAX_INTEGER, Special, Value, add_months, parse_date, parse_month

MAX_POINTS: Final = 4096


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds in rising order, and the canonical JSON that generates them."""

    kind: str
    thresholds: tuple[int, ...]
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
        record = Record(value, "ladder")
        kind = record.text("kind")
        make = _KINDS.get(kind)
        if make is None:
            raise _invalid(f"a ladder is one of {', '.join(sorted(_KINDS))}")
        thresholds = make(record)
        record.done()
        if not thresholds:
            raise _invalid("a ladder has at least one threshold")
        return cls(kind, thresholds, value)

    def __len__(self) -> int:
        return len(self.thresholds)

    def idx(self, value: Value) -> int:
        """Return how many thresholds are at most ``value``; none on record lies below all of them."""
        if value is Special.NONE_ON_RECORD:
            return 0
        if isinstance(value, str | Special):
            raise TypeError("only numbers and dates lie on a ladder")
        return bisect_right(self.thresholds, value)

    def position(self, threshold: int, show: Callable[[int], str] = str) -> int:
        """Return j with L_j = ``threshold``, counted from 1; ``show`` words thresholds for the error.

        Raises:
            InvalidInputError: ``off_ladder``, naming the allowed thresholds nearby.
        """
        above = bisect_right(self.thresholds, threshold)
        if above and self.thresholds[above - 1] == threshold:
            return above
        nearby = [show(point) for point in self.thresholds[max(0, above - 2) : above + 2]]
        raise InvalidInputError(
            Reason.OFF_LADDER,
            f"this threshold is not on the field's ladder; allowed nearby: {', '.join(nearby)} "
            f"(the ladder goes from {show(self.thresholds[0])} to {show(self.thresholds[-1])})",
        )


def _digits(record: Record, leading: range) -> tuple[int, ...]:
    low, high = _bounds(record)
    if low < 1:
        raise _invalid("a ladder of significant digits starts above zero")
    points: list[int] = []
    scale = 1
    while leading[0] * scale <= high:
        points += [digit * scale for digit in leading if low <= digit * scale <= high]
        scale *= 10
    if record.flag("mirrored"):
        points = [-point for point in reversed(points)] + [0] + points
    return _bounded(points)


def _integers(record: Record) -> tuple[int, ...]:
    low, high = _bounds(record)
    if high - low >= MAX_POINTS:
        raise _too_many()
    return tuple(range(low, high + 1))


def _months(record: Record) -> tuple[int, ...]:
    low, high = parse_month(record.take("from"), "from"), parse_month(record.take("to"), "to")
    points: list[int] = []
    while low <= high and len(points) <= MAX_POINTS:
        points.append(low)
        low = add_months(low, 1)
    return _bounded(points)


def _days(record: Record) -> tuple[int, ...]:
    low, high = parse_date(record.take("from"), "from"), parse_date(record.take("to"), "to")
    if high - low >= MAX_POINTS:
        raise _too_many()
    return tuple(range(low, high + 1))


def _bounds(record: Record) -> tuple[int, int]:
    return (
        record.integer("from", low=-MAX_INTEGER, high=MAX_INTEGER),
        record.integer("to", low=-MAX_INTEGER, high=MAX_INTEGER),
    )


def _bounded(points: list[int]) -> tuple[int, ...]:
    if len(points) > MAX_POINTS:
        raise _too_many()
    return tuple(points)


def _too_many() -> InvalidInputError:
    return _invalid(f"a ladder has at most {MAX_POINTS} points")


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.SCHEMA_INVALID, message, field="ladder")


_KINDS: Final[dict[str, Callable[[Record], tuple[int, ...]]]] = {
    "one_digit": lambda record: _digits(record, range(1, 10)),
    "two_digits": lambda record: _digits(record, range(10, 100)),
    "integers": _integers,
    "months": _months,
    "days": _days,
}
