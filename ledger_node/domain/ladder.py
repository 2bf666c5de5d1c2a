"""Ladders: the published thresholds L_1 < … < L_K of a field (CL1, questions and proofs).

A question may only use a threshold of the ladder. With free thresholds some forty answers would
binary-search the amount; with a published ladder they cannot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.threshold import Digits, Mirrored, Months, Span, Thresholds
from ledger_node.domain.value import MAX_INTEGER, Special, Value, parse_date, parse_month

MAX_POINTS: Final = 4096


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
        record = JsonObject(value, "ladder")
        kind = record.text("kind")
        make = _KINDS.get(kind)
        if make is None:
            raise _invalid(f"a ladder is one of {', '.join(sorted(_KINDS))}")
        thresholds = make(record)
        record.done()
        if not thresholds.size:
            raise _invalid("a ladder has at least one threshold")
        if thresholds.size > MAX_POINTS:
            raise _invalid(f"a ladder has at most {MAX_POINTS} points")
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
        raise _invalid("a ladder of significant digits starts above zero")
    above = Digits(least, low, high)
    return Mirrored(above) if record.flag("mirrored") else above


def _months(record: JsonObject) -> Thresholds:
    low, high = parse_month(record.take("from"), "from"), parse_month(record.take("to"), "to")
    return Months.between(low, high)


def _days(record: JsonObject) -> Thresholds:
    return Span(parse_date(record.take("from"), "from"), parse_date(record.take("to"), "to"))


def _bounds(record: JsonObject) -> tuple[int, int]:
    return (
        record.integer("from", low=-MAX_INTEGER, high=MAX_INTEGER),
        record.integer("to", low=-MAX_INTEGER, high=MAX_INTEGER),
    )


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.SCHEMA_INVALID, message, field="ladder")


_KINDS: Final[dict[str, Callable[[JsonObject], Thresholds]]] = {
    "one_digit": lambda record: _digits(record, 1),
    "two_digits": lambda record: _digits(record, 10),
    "integers": lambda record: Span(*_bounds(record)),
    "months": _months,
    "days": _days,
}
