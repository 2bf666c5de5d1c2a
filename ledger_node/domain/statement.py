"""What a question says of a committed field, in terms of its ladder, bits or value.

A question is lowered to one statement; the same statement drives the prover and the verifier.
"""

from dataclasses import dataclass
from typing import TypeAlias

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.ladder import Ladder
from ledger_node.domain.question import Op, Question
from ledger_node.domain.question_part import MonthsBefore, show_operand
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import FieldType


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
class Equals:
    """v is exactly this plain value."""

    value: int | str | bool


@dataclass(frozen=True, slots=True)
class Reveal:
    """v is shown."""


Statement: TypeAlias = AtLeast | Below | Between | OneOf | NoneOf | Equals | Reveal


def require_askable(question: Question, field: Field, *, today: int | None = None) -> None:
    """Require that ``question`` can be asked of ``field``, whatever an attestation says.

    Whether a moving threshold lies on the ladder depends on the attestation's ``as_of``, which is ``today`` at the
    latest: one that would lie below the whole ladder even then cannot be asked.

    Raises:
        InvalidInputError: as ``lower``.
    """
    if not isinstance(question.operand, MonthsBefore):
        lower(question, field)
    elif today is not None and question.operand.before(field.type, today) < field.require_ladder().thresholds[0]:
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
    match field.mode, question.op, operand:
        case Mode.LADDER, Op.AT_LEAST, int(value):
            return AtLeast(_position(field, value))
        case Mode.LADDER, Op.BELOW, int(value):
            return Below(_position(field, value))
        case Mode.LADDER, Op.RANGE, (int(low), int(high)):
            return Between(_position(field, low), _position(field, high))
        case Mode.LADDER, Op.EQUALS, int(value):
            return _exactly(field, value)
        case Mode.ENUM, Op.IN, tuple(members):
            return OneOf(_positions(field, members))
        case Mode.ENUM, Op.NOT_IN, tuple(members):
            return NoneOf(_positions(field, members))
        case Mode.ENUM, Op.EQUALS, str(member):
            return OneOf(_positions(field, (member,)))
        case Mode.PLAIN, Op.EQUALS, (int() | str()) as value:
            return Equals(value)
        case ((Mode.PLAIN | Mode.ENUM), Op.REVEAL, _):
            return Reveal()
        case Mode.LADDER, Op.REVEAL, _:
            raise InvalidInputError(
                Reason.NOT_REVEALABLE,
                f"'{field.name}' only answers thresholds, it is never shown",
                field=field.name,
            )
        case _:
            raise InvalidInputError(
                Reason.OPERATOR_UNSUPPORTED,
                f"'{question.op}' cannot be asked of '{field.name}'; {_POSSIBLE[field.mode]}",
                field=field.name,
            )


def _position(field: Field, value: int) -> int:
    return field.require_ladder().position(value, lambda point: show_operand(field, point))


def _exactly(field: Field, value: int) -> Statement:
    # on a ladder without gaps, v = L_j is L_j <= v < L_{j+1}
    ladder: Ladder = field.require_ladder()
    gapless = {"integers": True, "days": True, "months": field.type is FieldType.MONTH}
    if not gapless.get(ladder.kind) or value == ladder.thresholds[-1]:
        raise InvalidInputError(
            Reason.OPERATOR_UNSUPPORTED,
            f"'{field.name}' cannot be asked for one exact value; use >= and <",
            field=field.name,
        )
    j = _position(field, value)
    return Between(j, j + 1)


def _positions(field: Field, members: tuple[int, ...] | tuple[str, ...]) -> frozenset[int]:
    return frozenset(field.members.index(str(member)) for member in members)


_POSSIBLE = {
    Mode.PLAIN: "ask equals or reveal",
    Mode.LADDER: "ask >=, < or between, with thresholds of its ladder",
    Mode.ENUM: "ask in, not in, equals or reveal",
}
