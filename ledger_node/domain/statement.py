"""What a question says of a committed field, in terms of its ladder, bits or value.

A question is lowered to one statement; the same statement drives the prover and the verifier.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.question import Op, Operand, Question
from ledger_node.domain.question_part import MonthsBefore
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import Special, predecessor, successor


@dataclass(frozen=True, slots=True)
class AtLeast:
    """v >= L_j, j from 1 to K."""

    j: int


@dataclass(frozen=True, slots=True)
class Below:
    """v < L_j, j from 1 to K."""

    j: int


@dataclass(frozen=True, slots=True)
class Between:
    """L_low <= v < L_high."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """v is one of the members at these positions."""

    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """v is none of the members at these positions."""

    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class HasAny:
    """At least one of the members at these positions is set."""

    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class HasNone:
    """None of the members at these positions is set."""

    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class HasAll:
    """All members at these positions are set."""

    positions: frozenset[int]


@dataclass(frozen=True, slots=True)
class Equals:
    """v is exactly this plain value."""

    value: int | str | bool


@dataclass(frozen=True, slots=True)
class Reveal:
    """v is shown."""


OfSet: TypeAlias = HasAny | HasNone | HasAll
Statement: TypeAlias = AtLeast | Below | Between | OneOf | NoneOf | OfSet | Equals | Reveal


def require_askable(question: Question, field: Field, *, today: int | None = None) -> None:
    """Require that ``question`` can be asked of ``field``, whatever an attestation says.

    Whether a moving threshold lies on the ladder depends on the attestation's ``as_of``, which is ``today`` at the
    latest: one that would lie below the whole ladder even then cannot be asked.

    Raises:
        InvalidInputError: as ``lower``.
    """
    if not isinstance(question.operand, MonthsBefore):
        lower(question, field)
    elif today is not None:
        threshold = question.operand.before(field.type, today)
        if question.op in _OF_THE_NEXT:
            threshold = successor(field.type, threshold)
        if threshold < field.require_ladder().points[0]:
            lower(question, field, as_of=today)


def lower(question: Question, field: Field, *, as_of: int = 0) -> Statement:
    """Return the statement that ``question`` makes of ``field`` in an attestation whose data is of ``as_of``.

    Raises:
        InvalidInputError: ``off_ladder``, ``operator_unsupported`` or ``not_revealable``; the message says
            what is possible instead.
    """
    operand = question.operand
    if isinstance(operand, MonthsBefore):
        operand = operand.before(field.type, as_of)
    state = _on_ladder if field.mode is Mode.LADDER else _openly
    stated = state(question.op, operand, field)
    if stated is not None:
        return stated
    raise InvalidInputError(
        Reason.OPERATOR_UNSUPPORTED,
        f"'{question.op}' cannot be asked of '{field.name}'; {_POSSIBLE[field.mode]}",
        field=field.name,
    )


def _on_ladder(op: Op, operand: Operand, field: Field) -> Statement | None:
    match op, operand:
        case ((Op.AT_LEAST | Op.ABOVE), int(value)):
            return AtLeast(_position(field, value, op))
        case ((Op.BELOW | Op.AT_MOST), int(value)):
            return Below(_position(field, value, op))
        case Op.RANGE, (int(low), int(high)):
            return Between(_position(field, low), _position(field, high))
        case Op.EQUALS, Special.NONE_ON_RECORD:
            return Below(1)
        case Op.EQUALS, Special.NO_END:
            return AtLeast(len(field.require_ladder()))
        case Op.EQUALS, int(value):
            return Between(_position(field, value), _position(field, value, Op.ABOVE))
        case Op.REVEAL, _:
            raise InvalidInputError(
                Reason.NOT_REVEALABLE, f"'{field.name}' only answers thresholds, it is never shown", field=field.name
            )
        case _:
            return None


def _openly(op: Op, operand: Operand, field: Field) -> Statement | None:
    match field.mode, op, operand:
        case Mode.ENUM, op, tuple(members) if op in _OF_MEMBERS:
            return _OF_MEMBERS[op](_positions(field, members))
        case Mode.ENUM, Op.EQUALS, str(member):
            return OneOf(_positions(field, (member,)))
        case Mode.PLAIN, Op.EQUALS, (int() | str()) as value:
            return Equals(value)
        case _, Op.REVEAL, _:
            return Reveal()
        case _:
            return None


def _position(field: Field, value: int, op: Op = Op.AT_LEAST) -> int:
    """Return j of the threshold that a comparison is about.

    v > x is v >= the next value after x, and v <= x is v < that. So x need be no threshold there, but what follows it.
    """
    ladder = field.require_ladder()
    if op not in _OF_THE_NEXT:
        return ladder.position(value, field.text)
    return ladder.position(successor(field.type, value), lambda point: field.text(predecessor(field.type, point)))


def _positions(field: Field, members: tuple[int, ...] | tuple[str, ...]) -> frozenset[int]:
    return frozenset(field.members.index(str(member)) for member in members)


_OF_THE_NEXT: Final = (Op.ABOVE, Op.AT_MOST)
_OF_MEMBERS: Final[Mapping[Op, Callable[[frozenset[int]], Statement]]] = {
    Op.IN: OneOf,
    Op.NOT_IN: NoneOf,
    Op.HAS_ANY: HasAny,
    Op.HAS_NONE: HasNone,
    Op.HAS_ALL: HasAll,
}
_POSSIBLE: Final = {
    Mode.PLAIN: "ask equals or reveal",
    Mode.LADDER: "ask >=, >, <=, < or between, with thresholds of its ladder",
    Mode.ENUM: "ask in, not in, equals or reveal",
}
