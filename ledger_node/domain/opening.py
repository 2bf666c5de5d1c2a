"""Openings: what is shown of one committed field, and its JSON form.

Every opening leads to exactly one value digest, and through salt and path to the fieldsRoot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Field
from ledger_node.domain.tree import MAX_DEPTH
from ledger_node.domain.value import Value, format_value, parse_value


@dataclass(frozen=True, slots=True)
class PlainOpening:
    """The value itself."""

    value: Value = field(repr=False)


@dataclass(frozen=True, slots=True)
class AtLeastOpening:
    """step^(idx-j)(kdf up) and tipDown: shows v >= L_j and nothing more."""

    head_up: bytes = field(repr=False)
    tip_down: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BelowOpening:
    """step^((j-1)-idx)(kdf dn) and tipUp: shows v < L_j and nothing more."""

    head_down: bytes = field(repr=False)
    tip_up: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BetweenOpening:
    """Both heads: shows L_low <= v < L_high and nothing more."""

    head_up: bytes = field(repr=False)
    head_down: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BitsOpening:
    """Keys of the bits that are opened as 0, digests of those that stay shut; together all bits."""

    opened: Mapping[int, bytes] = field(repr=False)
    shut: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AbsentOpening:
    """Nothing but the salt: shows that the field has no value."""


Opening: TypeAlias = PlainOpening | AtLeastOpening | BelowOpening | BetweenOpening | BitsOpening | AbsentOpening


@dataclass(frozen=True, slots=True)
class FieldProof:
    """An opening of one field, its salt, and the siblings from its leaf to the fieldsRoot."""

    opening: Opening
    salt: bytes = field(repr=False)
    path: tuple[bytes, ...] = field(repr=False)


_CHAIN_MEMBERS: Final[dict[str, tuple[type, tuple[str, str]]]] = {
    "at_least": (AtLeastOpening, ("head_up", "tip_down")),
    "below": (BelowOpening, ("head_down", "tip_up")),
    "between": (BetweenOpening, ("head_up", "head_down")),
}


def proof_to_json(proof: FieldProof, field_: Field) -> dict[str, JSON]:
    """Return the JSON form of a proof."""
    body: dict[str, JSON]
    match proof.opening:
        case PlainOpening(value):
            body = {"kind": "plain", "value": format_value(field_.type, value)}
        case BitsOpening(opened, shut):
            body = {"kind": "bits", "opened": _bits_to_json(opened, field_), "shut": _bits_to_json(shut, field_)}
        case AbsentOpening():
            body = {"kind": "absent"}
        case AtLeastOpening(head, tip):
            body = {"kind": "at_least", "head_up": to_hex(head), "tip_down": to_hex(tip)}
        case BelowOpening(head, tip):
            body = {"kind": "below", "head_down": to_hex(head), "tip_up": to_hex(tip)}
        case BetweenOpening(up, down):
            body = {"kind": "between", "head_up": to_hex(up), "head_down": to_hex(down)}
        case _:
            assert_never(proof.opening)
    return {
        "opening": body,
        "salt": to_hex(proof.salt),
        "path": [to_hex(sibling) for sibling in proof.path],
    }


def proof_from_json(value: JSON, field_: Field) -> FieldProof:
    """Read a proof about ``field_``.

    Raises:
        VerificationError: ``opening_malformed`` or ``sibling_length``: what is no proof proves nothing.
    """
    try:
        record = JsonObject(value, "proof")
        opening = _opening_from_json(record.record("opening"), field_)
        salt = record.blob("salt")
        path = record.items("path", max_items=MAX_DEPTH)
        record.done()
    except InvalidInputError as error:
        raise VerificationError(Reason.OPENING_MALFORMED, error.message, field=error.field) from error
    try:
        siblings = tuple(from_hex(sibling, "sibling") for sibling in path)
    except InvalidInputError as error:
        raise VerificationError(Reason.SIBLING_LENGTH, "every sibling must be 32 bytes") from error
    return FieldProof(opening, salt, siblings)


def _opening_from_json(record: JsonObject, field_: Field) -> Opening:
    kind = record.text("kind")
    opening: Opening
    if kind in _CHAIN_MEMBERS:
        make, (first, second) = _CHAIN_MEMBERS[kind]
        opening = make(record.blob(first), record.blob(second))
    elif kind == "plain":
        opening = PlainOpening(parse_value(field_.type, record.take("value"), field_.name))
    elif kind == "bits":
        opening = BitsOpening(_bits_from_json(record, "opened", field_), _bits_from_json(record, "shut", field_))
    elif kind == "absent":
        opening = AbsentOpening()
    else:
        raise InvalidInputError(Reason.OPENING_MALFORMED, "this kind of opening is unknown", field="kind")
    record.done()
    return opening


def _bits_to_json(bits: Mapping[int, bytes], field_: Field) -> JSON:
    return {field_.members[position]: to_hex(digest) for position, digest in sorted(bits.items())}


def _bits_from_json(record: JsonObject, name: str, field_: Field) -> dict[int, bytes]:
    bits = record.record(name)
    found = {position: bits.blob(member) for position, member in enumerate(field_.members) if member in bits}
    bits.done()
    return found
