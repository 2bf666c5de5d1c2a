"""Ladders: the published thresholds L_1 < … < L_K of a field (CL1, questions and proofs).

A question may only use a threshold of the ladder. With free thresholds some forty answers would
binary-search the amount; with a published ladder they cannot.

The K thresholds cost K steps of a chain: to whoever commits or proves, whatever the value, and at most as many to
whoever checks. So a ladder has at most 65,535, which is a twentieth of a second in Python, and 7.4 million gas.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, schema_invalid
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.number import parse_number
from ledger_node.domain.reason import Reason
from ledger_node.domain.thresholds import Digits, Joined, Months, Steps, SymmetricThresholds, Thresholds, month_of
from ledger_node.domain.value import FieldType, Special, Value, parse_date, parse_month, parse_value

MAX_POINTS: Final = 2**16 - 1
MAX_ALSO: Final = 64
_ANY_DAY: Final = -(2**31)
"""The first day that a date has room for, and with none on record the first threshold: any day at all reaches it."""
_NO_END: Final = 2**31
"""One day more than a date has room for, and the last threshold of what may have no end: only that reaches it."""


@dataclass(frozen=True, slots=True)
class LadderField:
    """What a ladder needs to know of its field: how its values are written, and which ends lie beyond every day."""

    kind: FieldType
    scale: int = 0
    none_on_record: bool = False
    no_end: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds in rising order, and the canonical JSON that generates them.

    ``points``: those that questions can name. ``thresholds``: L_1 to L_K; with none on record L_1 is any day at all,
    and what may have no end has L_K for that.
    """

    kind: str
    points: Thresholds
    thresholds: Thresholds
    spec: JSON

    @classmethod
    def from_json(cls, value: JSON, field: LadderField) -> Self:
        """Read a ladder of a schema.

        Kinds: ``one_digit`` (1…9 × 10^k between ``from`` and ``to``), ``two_digits`` (10…99 × 10^k),
        ``integers`` (from ``from`` to ``to``, every one or each ``step`` further), ``months`` and ``days`` (``from``
        and ``to`` written YYYY-MM or YYYY-MM-DD). Ladders of digits may be ``mirrored``: the negatives and zero belong
        to them. ``also`` lists more points in rising order. Numbers and days are written as the field's values are.

        Raises:
            InvalidInputError: ``schema_invalid``, also for more than 65,535 points.
        """
        with JsonObject(value, "ladder") as record:
            kind = record.text("kind")
            make = _KINDS[field.kind].get(kind) if field.kind in _KINDS else None
            if make is None:
                raise schema_invalid(f"no field of type {field.kind} has a ladder of this kind", field="ladder")
            computed = make(record, field.scale)
            also = _also(record, field, computed) if "also" in record else ()
        if not computed.size:
            raise schema_invalid("a ladder has at least one threshold", field="ladder")
        points = Joined(computed, also) if also else computed
        ends = (_ANY_DAY,) * field.none_on_record, (_NO_END,) * field.no_end
        thresholds = Joined(computed, (*ends[0], *also, *ends[1])) if any(ends) else points
        if thresholds.size > MAX_POINTS:
            raise schema_invalid(f"a ladder has at most {MAX_POINTS} points", field="ladder")
        return cls(kind, points, thresholds, value)

    def __len__(self) -> int:
        return len(self.thresholds)

    def idx(self, value: Value) -> int:
        """Return how many thresholds are at most ``value``; none on record lies below all of them, no end above."""
        match value:
            case Special.NONE_ON_RECORD:
                return 0
            case Special.NO_END:
                return len(self)
            case int():
                return self.thresholds.at_most(value)
            case _:
                raise TypeError("only numbers and dates lie on a ladder")

    def position(self, threshold: int, show: Callable[[int], str] = str) -> int:
        """Return j with L_j = ``threshold``, counted from 1; ``show`` words thresholds for the error.

        Raises:
            InvalidInputError: ``off_ladder``, naming the allowed thresholds nearby.
        """
        if threshold in self.points:
            return self.thresholds.at_most(threshold)
        above = self.points.at_most(threshold)
        nearby = [show(point) for point in self.points[max(0, above - 2) : above + 2]]
        raise InvalidInputError(
            Reason.OFF_LADDER,
            f"this threshold is not on the field's ladder; allowed nearby: {', '.join(nearby)} "
            f"(the ladder goes from {show(self.points[0])} to {show(self.points[-1])})",
        )


def _also(record: JsonObject, field: LadderField, computed: Thresholds) -> tuple[int, ...]:
    points = []
    for item in record.items("also", max_items=MAX_ALSO):
        point = parse_value(field.kind, item, "also", scale=field.scale)
        assert isinstance(point, int)  # noqa: S101 - of an integer, a date or a month
        points.append(point)
    rising = all(low < high for low, high in pairwise(points))
    if not points or not rising or any(point in computed for point in points):
        raise schema_invalid("'also' lists points in rising order that the ladder lacks, or is left out", field="also")
    return tuple(points)


def _digits(record: JsonObject, scale: int, least: int) -> Thresholds:
    low, high = _number(record, "from", scale), _number(record, "to", scale)
    if low < 1:
        raise schema_invalid("a ladder of significant digits starts above zero", field="ladder")
    above = Digits(least, low, high)
    return SymmetricThresholds(above) if record.flag("mirrored") else above


def _integers(record: JsonObject, scale: int) -> Thresholds:
    low, high = _number(record, "from", scale), _number(record, "to", scale)
    step = _number(record, "step", scale) if "step" in record else 1
    if step < 1:
        raise schema_invalid("the step of a ladder is above zero", field="step")
    return Steps(low, high, step)


def _months(record: JsonObject, _: int) -> Thresholds:
    low, high = parse_month(record.take("from"), "from"), parse_month(record.take("to"), "to")
    return Months(low, max(0, month_of(high) - month_of(low) + 1))


def _days(record: JsonObject, _: int) -> Thresholds:
    return Steps(parse_date(record.take("from"), "from"), parse_date(record.take("to"), "to"))


def _number(record: JsonObject, name: str, scale: int) -> int:
    return parse_number(record.take(name), name, scale)


_KINDS: Final[Mapping[FieldType, Mapping[str, Callable[[JsonObject, int], Thresholds]]]] = {
    FieldType.INTEGER: {
        "one_digit": lambda record, scale: _digits(record, scale, 1),
        "two_digits": lambda record, scale: _digits(record, scale, 10),
        "integers": _integers,
    },
    FieldType.DATE: {"months": _months, "days": _days},
    FieldType.MONTH: {"months": _months},
}
