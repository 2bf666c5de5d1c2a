"""A schema with a field of every kind, values at every edge, every statement about them, and what is true.

It holds no tests of its own. What is true is read from the definition of a statement and from the thresholds
that the naive reference counts, never from the product's ladder.
"""

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from ledger_node.domain.commitment import Committer
from ledger_node.domain.proof import Outcome, Prover
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Mode
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from ledger_node.domain.value import FieldType, Special
from tests.kit import reference
from tests.kit.world import day, h

ABSENT, NONE, NO_END = Special.ABSENT, Special.NONE_ON_RECORD, Special.NO_END
INFINITY = float("inf")
LOWEST, HIGHEST = -(2**127), 2**127 - 1
SHOWN = -(2**53 - 1), 2**53 - 1
"""What plain integers are attested: JSON in its canonical form could show no others."""


def _ladder(name, kind, ladder, **more):
    return {"name": name, "type": kind, "mode": "ladder", "optional": True, "ladder": ladder, **more}


def _plain(name, kind):
    return {"name": name, "type": kind, "mode": "plain", "optional": True}


MONTHS = {"kind": "months", "from": "2025-11", "to": "2026-03"}
DAYS = {"kind": "days", "from": "2026-02-26", "to": "2026-03-02"}
PERCENT = {"kind": "integers", "from": "-1", "to": "1", "step": "0.5", "also": ["0.1"]}
SPEC = {
    "name": "every_kind",
    "version": 1,
    "fields": [
        _ladder("one_digit", "integer", {"kind": "one_digit", "from": "0.07", "to": "0.5"}, currency="CNY", scale=2),
        _ladder("two_digits", "integer", {"kind": "two_digits", "from": 95, "to": 130}),
        _ladder("integers", "integer", {"kind": "integers", "from": -3, "to": 4}),
        _ladder("one_threshold", "integer", {"kind": "integers", "from": -5, "to": -5}),
        _ladder("one_mirrored", "integer", {"kind": "one_digit", "from": 8, "to": 20, "mirrored": True}),
        _ladder("two_mirrored", "integer", {"kind": "two_digits", "from": 98, "to": 110, "mirrored": True}),
        _ladder("percent", "integer", PERCENT, unit="percent", scale=1),
        _ladder("with_also", "integer", {"kind": "two_digits", "from": 98, "to": 110, "also": [0, 1, 101, 300]}),
        _ladder("month", "month", MONTHS, none_on_record=True),
        _ladder("day_by_month", "date", {**MONTHS, "also": ["2025-12-31", "2026-01-15"]}),
        _ladder("day", "date", DAYS, none_on_record=True),
        _ladder("month_without_end", "month", MONTHS, no_end=True),
        _ladder("day_with_both_ends", "date", {**DAYS, "also": ["2026-03-15"]}, none_on_record=True, no_end=True),
        {"name": "pair", "type": "enum", "mode": "enum", "optional": True, "members": ["yes", "no"]},
        {"name": "grade", "type": "enum", "mode": "enum", "optional": True, "members": ["A", "B", "M", "C", "D"]},
        {"name": "pledges", "type": "codes", "mode": "enum", "optional": True, "members": ["land", "shares", "goods"]},
        _plain("integer", "integer"),
        _plain("ratio", "integer") | {"scale": 9},
        _plain("date", "date"),
        _plain("text", "text"),
        _plain("code", "code"),
        _plain("bool", "bool"),
        _plain("plain_month", "month"),
    ],
}
SCHEMA = Schema.from_json(SPEC)
OTHER_SCHEMA = Schema.from_json(SPEC | {"version": 2})
COMMITTER = Committer(SCHEMA)
LADDERS, PLAINS = ([f for f in SCHEMA.fields if f.mode is mode] for mode in (Mode.LADDER, Mode.PLAIN))
ENUMS, SETS = ([f for f in SCHEMA.fields if f.type is kind] for kind in (FieldType.ENUM, FieldType.CODES))
_THRESHOLDS = {field.name: reference.ladder(SPEC["fields"][field.index]) for field in LADDERS}
NAMES = [field.name for field in SCHEMA.fields]
SEED = h("seed")
seeds = st.binary(min_size=32, max_size=32)

# one value of each field; tests change the one they look at
ORDINARY = {
    "one_digit": 30,
    "two_digits": 100,
    "integers": 0,
    "one_threshold": -5,
    "one_mirrored": -9,
    "two_mirrored": 0,
    "percent": 7,
    "with_also": 101,
    "month_without_end": NO_END,
    "day_with_both_ends": day("2026-02-28"),
    "month": day("2026-01-01"),
    "day_by_month": day("2026-01-31"),
    "day": day("2026-03-01"),
    "pair": "no",
    "grade": "B",
    "pledges": ("land", "goods"),
    "integer": -1,
    "ratio": 333_333_333,
    "date": day("1969-12-31"),
    "text": "示例",
    "code": "10101",
    "bool": False,
    "plain_month": day("2026-01-01"),
}
SOME_PLAIN_VALUES = {
    FieldType.INTEGER: st.sampled_from([0, 1, -1, *SHOWN]) | st.integers(*SHOWN),
    FieldType.DATE: st.integers(day("0001-01-01"), day("9999-12-31")),
    FieldType.MONTH: st.sampled_from([day("0001-01-01"), day("1970-01-01"), day("9999-12-01")]),
    FieldType.TEXT: st.sampled_from(["0", "é", " ", "示" * 341]) | st.text("ab", min_size=1, max_size=2),
    FieldType.CODE: st.text("01", min_size=1, max_size=2),
    FieldType.BOOL: st.booleans(),
}


@dataclass(frozen=True)
class Committed:
    """An attestation of this schema: who can prove, what was committed to."""

    prover: Prover
    root: bytes

    def value(self, field):
        return self.prover.values[field.index]

    def prove(self, field, statement):
        return self.prover.prove(field, statement, may_disclose=True)


def commit(*, seed=SEED, **changes) -> Committed:
    """Commit to the ordinary values with these changes."""
    return _commit(seed, tuple((ORDINARY | changes)[name] for name in NAMES))


@cache
def _commit(seed, values):
    return Committed(Prover(COMMITTER, seed, values), COMMITTER.commit(seed, values).root)


def thresholds(field) -> list[int]:
    """L_1 … L_K as the reference counts them; position j is at index j - 1."""
    return _THRESHOLDS[field.name]


def edges(field) -> list:
    """Values on both edges of every step of a field's ladder, and beyond it; of an enum all members, of a set all."""
    if field.type is FieldType.CODES:
        return [
            tuple(m for j, m in enumerate(field.members) if mask >> j & 1) for mask in range(1 << len(field.members))
        ]
    if field.mode is Mode.ENUM:
        return list(field.members)
    points = [point for point in thresholds(field) if abs(point) < 2**31]
    beyond = [LOWEST, HIGHEST] if field.type is FieldType.INTEGER else []
    ends = [NONE] * field.none_on_record + [NO_END] * field.no_end
    return [*sorted({point - back for point in [*points, points[-1] + 5] for back in (0, 1)}), *beyond, *ends]


def values_of(field):
    """Values of a field that is not absent."""
    return SOME_PLAIN_VALUES[field.type] if field.mode is Mode.PLAIN else st.sampled_from(edges(field))


def sets_of(field):
    """Every set of members that a question may name: neither the empty nor the full one."""
    count = len(field.members)
    return [frozenset(j for j in range(count) if mask >> j & 1) for mask in range(1, (1 << count) - 1)]


def statements_about(field, *asked):
    """Every statement about a ladder or an enum; about a plain field, those that name the values ``asked``."""
    match field.mode:
        case Mode.LADDER:
            count = len(thresholds(field))
            for j in range(1, count + 1):
                yield AtLeast(j)
                yield Below(j)
                yield from (Between(j, high) for high in range(j + 1, count + 1))
        case Mode.ENUM if field.type is FieldType.CODES:
            for kind in (HasAny, HasNone, HasAll):
                yield from (kind(positions) for positions in [*sets_of(field), frozenset(range(len(field.members)))])
            yield Reveal()
        case Mode.ENUM:
            yield from map(OneOf, sets_of(field))
            yield from map(NoneOf, sets_of(field))
            yield Reveal()
        case _:
            yield from map(Equals, asked)
            yield Reveal()


def is_true(statement, field, value) -> bool:
    """What the statement says, read from its definition."""
    number = {NONE: -INFINITY, NO_END: INFINITY}.get(value, value)
    held = {j for j, member in enumerate(field.members) if member in value} if isinstance(value, tuple) else set()
    match statement:
        case AtLeast(j):
            return number >= thresholds(field)[j - 1]
        case Below(j):
            return number < thresholds(field)[j - 1]
        case Between(low, high):
            return thresholds(field)[low - 1] <= number < thresholds(field)[high - 1]
        case OneOf(positions):
            return value in {field.members[j] for j in positions}
        case NoneOf(positions):
            return value not in {field.members[j] for j in positions}
        case HasAny(positions):
            return bool(positions & held)
        case HasNone(positions):
            return not positions & held
        case HasAll(positions):
            return positions <= held
        case Equals(asked):
            return asked == value
        case Reveal():
            return True


def truth(statement, field, value) -> Outcome:
    """The verdict that an honest proof leads to."""
    if value is ABSENT:
        return Outcome.CANNOT_TELL
    return Outcome.HOLDS if is_true(statement, field, value) else Outcome.DOES_NOT_HOLD
