"""What the bits of enums and sets show: which are opened, as what, and what follows (CL1, questions and proofs).

Of an enum exactly one bit is set, so bits are opened as 0 alone. Of a set any number is, so a bit is opened as what it
is: all bits that are asked about, or the one that decides by itself.
"""

from collections.abc import Sequence
from typing import assert_never

from ledger_node.domain.commitment import BitsOpening, CodesOpening, enum_bit, enum_digest
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Field
from ledger_node.domain.statement import HasAll, HasAny, HasNone, NoneOf, OfSet, OneOf, Reveal, Statement
from ledger_node.domain.value import FieldType


def opened_codes(statement: OfSet | Reveal, held: frozenset[int], order: Sequence[bytes]) -> list[int]:
    """Return which bits of a set are opened, rising: all that are asked about, or the one that decides by itself."""
    match statement:
        case HasAny(asked) | HasNone(asked):
            deciding = asked & held
        case HasAll(asked):
            deciding = asked - held
        case Reveal():
            return list(range(len(order)))
        case _:
            assert_never(statement)
    return [min(deciding, key=lambda j: order[j])] if deciding else sorted(asked)


def bits_shown(field: Field, statement: Statement, opening: BitsOpening) -> tuple[bool, bytes]:
    """Return whether the statement holds that the bits of an enum show (else its complement does), and their digest.

    Raises:
        VerificationError: ``mode_mismatch``, ``opened_set_mismatch`` or ``opening_malformed``.
    """
    if field.type is not FieldType.ENUM:
        raise not_about(field)
    opened, shut = frozenset(opening.opened), frozenset(opening.shut)
    everything = _all_once(field, opened, shut)
    match statement:
        case OneOf(asked) | NoneOf(asked) if opened in {asked, everything - asked}:
            is_member = opened == everything - asked
            holds = is_member is isinstance(statement, OneOf)
        case Reveal() if len(shut) == 1:
            holds = True
        case OneOf() | NoneOf() | Reveal():
            raise VerificationError(
                Reason.OPENED_SET_MISMATCH,
                "the opened bits are neither the asked set nor its complement",
                field=field.name,
            )
        case _:
            raise not_about(field)
    bits = [
        enum_bit(j, whole(field, opening.opened[j]), is_set=False) if j in opened else whole(field, opening.shut[j])
        for j in sorted(everything)
    ]
    return holds, enum_digest(bits)


def codes_shown(field: Field, statement: Statement, opening: CodesOpening) -> tuple[bool, bytes]:
    """Return whether the statement holds that the bits of a set show (else its complement does), and their digest.

    Nothing but what decides is opened: all bits that are asked about, or one of them.

    Raises:
        VerificationError: ``mode_mismatch``, ``opened_set_mismatch`` or ``opening_malformed``.
    """
    if field.type is not FieldType.CODES:
        raise not_about(field)
    present, missing, shut = frozenset(opening.present), frozenset(opening.missing), frozenset(opening.shut)
    everything = _all_once(field, present, missing, shut)
    match statement:
        case HasAny(asked) | HasNone(asked) if _is_one_of(present, asked) and not missing:
            holds = isinstance(statement, HasAny)
        case HasAny(asked) | HasNone(asked) if missing == asked and not present:
            holds = isinstance(statement, HasNone)
        case HasAll(asked) if present == asked and not missing:
            holds = True
        case HasAll(asked) if _is_one_of(missing, asked) and not present:
            holds = False
        case Reveal() if not shut:
            holds = True
        case HasAny() | HasNone() | HasAll() | Reveal():
            raise VerificationError(
                Reason.OPENED_SET_MISMATCH, "the opened bits are neither all that decide nor one", field=field.name
            )
        case _:
            raise not_about(field)
    keys = {**opening.present, **opening.missing}
    bits = [
        enum_bit(j, whole(field, keys[j]), is_set=j in present) if j in keys else whole(field, opening.shut[j])
        for j in sorted(everything)
    ]
    return holds, enum_digest(bits)


def _is_one_of(opened: frozenset[int], asked: frozenset[int]) -> bool:
    return len(opened) == 1 and opened <= asked


def _all_once(field: Field, *parts: frozenset[int]) -> frozenset[int]:
    """Return all bits of a field, of which ``parts`` must hold each once."""
    everything = frozenset(range(len(field.members)))
    if sum(map(len, parts)) != len(everything) or frozenset().union(*parts) != everything:
        raise VerificationError(
            Reason.OPENED_SET_MISMATCH, "opened and shut bits must be all bits once", field=field.name
        )
    return everything


def whole(field: Field, digest: bytes) -> bytes:
    """Return ``digest``, which must have 32 bytes; else it is ``opening_malformed``."""
    if len(digest) != HASH_BYTES:
        raise VerificationError(
            Reason.OPENING_MALFORMED, "heads, tips, keys and bits must be 32 bytes", field=field.name
        )
    return digest


def not_about(field: Field) -> VerificationError:
    """Return the refusal of a proof that says something else than was asked."""
    return VerificationError(
        Reason.MODE_MISMATCH, "the proof is not about the question that was asked", field=field.name
    )
