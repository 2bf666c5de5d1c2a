"""Proving and checking one statement about one committed field (CL1, questions and proofs).

The prover either shows the statement, or shows its complement, or says why it can show neither. The
checker recomputes value digest, leaf and fieldsRoot from what was shown, and nothing else decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import assert_never

from typing_extensions import override

from ledger_node.domain.bit_proof import bits_shown, codes_shown, not_about, opened_codes, whole
from ledger_node.domain.commitment import (
    DOWN,
    UP,
    AbsentOpening,
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    ChainOpening,
    CodesOpening,
    Committer,
    FieldProof,
    FieldTree,
    Opening,
    PlainOpening,
    enum_bits,
    ladder_context,
    ladder_digest,
    leaf_digest,
    plain_digest,
    salt_of,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import FIELD_NODE, HASH_BYTES, kdf, path_of, root_from_path, walk, walk_all
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import ABSENT_BYTE, Field, Mode
from ledger_node.domain.statement import (
    AtLeast,
    Below,
    Between,
    Equals,
    HasAll,
    HasAny,
    HasNone,
    NoneOf,
    OfSet,
    OneOf,
    Reveal,
    Statement,
)
from ledger_node.domain.value import FieldType, Special, Value, is_of_type


class Outcome(StrEnum):
    """What a proof shows about a question."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does_not_hold"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Prover:
    """Proves statements about one attestation from its seed and values. ``root``: its fieldsRoot, where it is known."""

    committer: Committer
    seed: bytes
    values: Sequence[Value]
    root: bytes | None = None

    @override
    def __repr__(self) -> str:
        return f"Prover({self.committer.schema.name})"

    def prove(self, field: Field, statement: Statement, *, may_disclose: bool) -> FieldProof | Reason:
        """Return a proof of ``statement`` or of its complement, or the reason why neither can be shown.

        ``may_disclose``: the consent lists revealing this field, so a plain value that differs from the
        one asked about may be shown. An absent value is answered with the proof of its absence.
        """
        value = self.values[field.index]
        if value is Special.ABSENT:
            opening: Opening = AbsentOpening()
        else:
            match statement:
                case AtLeast() | Below() | Between():
                    opening = self._ladder(field, statement, value)
                case OneOf(positions) | NoneOf(positions):
                    opening = self._bits(field, value, positions)
                case HasAny() | HasNone() | HasAll():
                    opening = self._codes(field, value, statement)
                case Equals(asked):
                    if asked != value and not may_disclose:
                        return Reason.NEEDS_DISCLOSURE
                    opening = PlainOpening(value)
                case Reveal() if field.type is FieldType.CODES:
                    opening = self._codes(field, value, statement)
                case Reveal() if field.mode is Mode.ENUM:
                    opening = self._bits(field, value, frozenset({field.members.index(str(value))}))
                case Reveal():
                    opening = PlainOpening(value)
                case _:
                    assert_never(statement)
        path = tuple(path_of(self._tree.levels, field.index))
        return FieldProof(opening, salt_of(self.seed, field.index), path)

    @cached_property
    def _tree(self) -> FieldTree:
        # it costs more than all else, and every proof about the attestation takes it
        if self.root is None:
            return self.committer.commit(self.seed, self.values)
        return self.committer.commit_again(self.root, self.seed, self.values)

    def rank(self, text: str) -> bytes:
        """Return where a part of a claim stands in the order in which this attestation's parts are shown.

        The order is secret, so that showing one part says nothing of those before it, and fixed, so that
        asking again shows no other.
        """
        return kdf(self.seed, b"rank" + text.encode())

    def _ladder(self, field: Field, statement: AtLeast | Below | Between, value: Value) -> Opening:
        # both chains are walked to the end whatever the value, so that time does not tell idx
        ladder = field.require_ladder()
        count, idx = len(ladder), ladder.idx(value)
        schema_id, index = self.committer.schema.id, field.index
        up = walk_all(ladder_context(schema_id, index, UP), kdf(self.seed, b"up", index), count)
        down = walk_all(ladder_context(schema_id, index, DOWN), kdf(self.seed, b"dn", index), count)
        tip_up, tip_down = up[idx], down[count - idx]
        match statement:
            case Between(low, high) if low <= idx < high:
                return BetweenOpening(up[idx - low], down[high - 1 - idx])
            case AtLeast(j) | Below(j) | Between(_, j) if idx >= j:
                return AtLeastOpening(up[idx - j], tip_down)
            case AtLeast(j) | Below(j) | Between(j, _):
                return BelowOpening(down[j - 1 - idx], tip_up)
            case _:
                assert_never(statement)

    def _bits(self, field: Field, value: Value, asked: frozenset[int]) -> Opening:
        # a member of the set is shown by opening all bits outside it, a non-member by opening those inside
        inside = field.members.index(str(value)) in asked
        bits = enum_bits(field, self.seed, value)
        opened = {j: kdf(self.seed, b"bit", field.index, j) for j in range(len(bits)) if (j in asked) != inside}
        return BitsOpening(opened, {j: bit for j, bit in enumerate(bits) if j not in opened})

    def _codes(self, field: Field, value: Value, statement: OfSet | Reveal) -> Opening:
        # where one member decides, it is the first in an order that is secret and the same for every question
        chosen = value if isinstance(value, tuple) else ()
        bits = enum_bits(field, self.seed, value)
        keys = [kdf(self.seed, b"bit", field.index, j) for j in range(len(bits))]
        order = [kdf(self.seed, b"pick", field.index, j) for j in range(len(bits))]
        held = frozenset(j for j, member in enumerate(field.members) if member in chosen)
        opened = opened_codes(statement, held, order)
        return CodesOpening(
            {j: keys[j] for j in opened if j in held},
            {j: keys[j] for j in opened if j not in held},
            {j: bit for j, bit in enumerate(bits) if j not in opened},
        )


def check_proof(schema: Schema, fields_root: bytes, field: Field, statement: Statement, proof: FieldProof) -> Outcome:
    """Return what ``proof`` shows about ``statement`` under ``fields_root``.

    Raises:
        VerificationError: the proof does not lead to ``fields_root``, or is not about this statement.
    """
    mode = ABSENT_BYTE if isinstance(proof.opening, AbsentOpening) else field.mode_byte
    outcome, digest = _value_digest(schema, field, statement, proof.opening)
    if len(proof.salt) != HASH_BYTES:
        raise VerificationError(Reason.OPENING_MALFORMED, "a salt must be 32 bytes", field=field.name)
    leaf = leaf_digest(schema.id, field.index, mode, proof.salt, digest)
    root = root_from_path(leaf, field.index, proof.path, depth=schema.depth, tag=FIELD_NODE)
    if root != fields_root:
        raise VerificationError(
            Reason.FIELD_PROOF_FAILED,
            "what was shown does not lead to the committed fields",
            field=field.name,
        )
    return outcome


def _value_digest(schema: Schema, field: Field, statement: Statement, opening: Opening) -> tuple[Outcome, bytes]:
    match opening:
        case AbsentOpening():
            return Outcome.CANNOT_TELL, bytes(HASH_BYTES)
        case PlainOpening(value):
            _require_mode(field, Mode.PLAIN)
            if not is_of_type(field.type, value):
                raise VerificationError(
                    Reason.OPENING_MALFORMED, f"what is shown is no value of type {field.type}", field=field.name
                )
            return _plain_outcome(field, statement, value), plain_digest(field, value)
        case BitsOpening():
            _require_mode(field, Mode.ENUM)
            return _outcome(*bits_shown(field, statement, opening))
        case CodesOpening():
            _require_mode(field, Mode.ENUM)
            return _outcome(*codes_shown(field, statement, opening))
        case AtLeastOpening() | BelowOpening() | BetweenOpening():
            _require_mode(field, Mode.LADDER)
            return _ladder_outcome(schema, field, statement, opening)
        case _:
            assert_never(opening)


def _plain_outcome(field: Field, statement: Statement, value: Value) -> Outcome:
    match statement:
        case Reveal():
            return Outcome.HOLDS
        case Equals(asked):
            return Outcome.HOLDS if (asked, type(asked)) == (value, type(value)) else Outcome.DOES_NOT_HOLD
        case _:
            raise not_about(field)


def _ladder_outcome(
    schema: Schema,
    field: Field,
    statement: Statement,
    opening: ChainOpening,
) -> tuple[Outcome, bytes]:
    count = len(field.require_ladder())
    up = ladder_context(schema.id, field.index, UP)
    down = ladder_context(schema.id, field.index, DOWN)
    match opening, statement:
        case AtLeastOpening(head_up, tip_down), AtLeast(j) | Below(j) | Between(_, j):
            holds = isinstance(statement, AtLeast)
            digest = ladder_digest(_walk(field, up, head_up, j), whole(field, tip_down))
        case BelowOpening(head_down, tip_up), AtLeast(j) | Below(j) | Between(j, _):
            holds = isinstance(statement, Below)
            digest = ladder_digest(whole(field, tip_up), _walk(field, down, head_down, count - (j - 1)))
        case BetweenOpening(head_up, head_down), Between(low, high):
            holds = True
            tip_up = _walk(field, up, head_up, low)
            digest = ladder_digest(tip_up, _walk(field, down, head_down, count - (high - 1)))
        case _:
            raise not_about(field)
    return _outcome(holds, digest)


def _outcome(holds: bool, digest: bytes) -> tuple[Outcome, bytes]:
    return Outcome.HOLDS if holds else Outcome.DOES_NOT_HOLD, digest


def revealed(field: Field, proof: FieldProof) -> Value | None:
    """Return the value that a checked proof of ``Reveal`` (or of an unequal value) shows, if it does."""
    match proof.opening:
        case PlainOpening(value):
            return value
        case BitsOpening(_, shut) if len(shut) == 1:
            return field.members[next(iter(shut))]
        case CodesOpening(present, _, shut) if not shut:
            return tuple(field.members[j] for j in sorted(present))
        case _:
            return None


def _walk(field: Field, context: bytes, head: bytes, steps: int) -> bytes:
    return walk(context, whole(field, head), steps)


def _require_mode(field: Field, mode: Mode) -> None:
    if field.mode is not mode:
        raise VerificationError(
            Reason.MODE_MISMATCH, f"'{field.name}' is a field in mode {field.mode}", field=field.name
        )
