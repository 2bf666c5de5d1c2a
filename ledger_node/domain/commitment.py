"""Commitments to the fields of one attestation (CL1, commitment), and openings: what is shown of one field.

One seed reproduces everything. Every opening leads to exactly one value digest, and through salt and path to the
fieldsRoot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import FIELD_NODE, HASH_BYTES, MAX_DEPTH, kdf, keccak, levels_of, walk
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import ABSENT_BYTE, Field, Mode
from ledger_node.domain.value import Special, Value, encode_value, parse_value

UP: Final = 0
DOWN: Final = 1
_ABSENT_DIGEST: Final = bytes(HASH_BYTES)


def ladder_context(schema_id: bytes, index: int, direction: int) -> bytes:
    """Return ctx(dir) = H(0x21 || schemaId || u16 i || u8 dir)."""
    return keccak(b"\x21" + schema_id + index.to_bytes(2, "big") + direction.to_bytes(1, "big"))


def leaf_digest(schema_id: bytes, index: int, mode: bytes, salt: bytes, value_digest: bytes) -> bytes:
    """Return leaf_i = H(0x00 || schemaId || u16 i || u8 mode || salt_i || vd_i), always 100 bytes in."""
    return keccak(b"\x00" + schema_id + index.to_bytes(2, "big") + mode + salt + value_digest)


def plain_digest(field: Field, value: Value) -> bytes:
    """Return vd plain = H(0x10 || typeByte || canonical value)."""
    return keccak(b"\x10" + encode_value(field.type, value))


def ladder_digest(tip_up: bytes, tip_down: bytes) -> bytes:
    """Return vd ladder = H(0x11 || tipUp || tipDown)."""
    return keccak(b"\x11" + tip_up + tip_down)


def enum_bit(position: int, key: bytes, *, is_set: bool) -> bytes:
    """Return bit_j = H(0x13 || u16 j || key_j || 0x00 or 0x01)."""
    return keccak(b"\x13" + position.to_bytes(2, "big") + key + (b"\x01" if is_set else b"\x00"))


def enum_digest(bits: Sequence[bytes]) -> bytes:
    """Return vd enum = H(0x12 || bit_0 || … || bit_{n-1})."""
    return keccak(b"\x12" + b"".join(bits))


def enum_bits(field: Field, seed: bytes, value: Value) -> list[bytes]:
    """Return the bits of an enum field or a set: of its one value, or of each member that it has, the bit is set."""
    chosen = value if isinstance(value, tuple) else (value,)
    return [
        enum_bit(j, kdf(seed, b"bit", field.index, j), is_set=member in chosen)
        for j, member in enumerate(field.members)
    ]


def salt_of(seed: bytes, index: int) -> bytes:
    """Return salt_i = kdf("salt", i)."""
    return kdf(seed, b"salt", index)


def subject_key(seed: bytes) -> bytes:
    """Return kdf("subject"), which opens the subject tag."""
    return kdf(seed, b"subject")


def subject_tag(key: bytes, credit_code: str) -> bytes:
    """Return subjectTag = H(0x30 || kdf("subject") || 18-byte credit code)."""
    return keccak(b"\x30" + key + credit_code.encode("ascii"))


_REMEMBERED: Final = 512
"""Trees of one schema that stay in memory, some 2 kB each."""


class Committer:
    """Commits to attestations of one schema; what depends on the schema alone is computed once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._contexts = {
            field.index: (
                ladder_context(schema.id, field.index, UP),
                ladder_context(schema.id, field.index, DOWN),
            )
            for field in schema.fields
            if field.mode is Mode.LADDER
        }
        self._trees: dict[bytes, FieldTree] = {}

    def commit(self, seed: bytes, values: Sequence[Value]) -> "FieldTree":
        """Return the tree of fields for ``values`` under a 32-byte ``seed``."""
        schema = self.schema
        slots = [self._leaf(field, seed, value) for field, value in zip(schema.fields, values, strict=True)]
        unused = range(len(slots), 1 << schema.depth)
        slots += [keccak(b"\x02" + kdf(seed, b"pad", index)) for index in unused]
        return FieldTree(levels_of(slots, FIELD_NODE))

    def commit_again(self, root: bytes, seed: bytes, values: Sequence[Value]) -> "FieldTree":
        """Return the tree of an attestation whose fieldsRoot is ``root``.

        Those that were wanted lately stay in memory: hashes under secret salts, so nothing of seed and values.
        """
        tree = self._trees.get(root)
        if tree is None:
            if len(self._trees) >= _REMEMBERED:
                self._trees.clear()
            tree = self._trees[root] = self.commit(seed, values)
        return tree

    def _leaf(self, field: Field, seed: bytes, value: Value) -> bytes:
        salt, absent = salt_of(seed, field.index), value is Special.ABSENT
        # an absent value takes the work of a present one: a proof about one field commits to all of them again, and
        # its time would tell which others have no value
        digest = self._value_digest(field, seed, 0 if absent else value)
        if absent:
            return leaf_digest(self.schema.id, field.index, ABSENT_BYTE, salt, _ABSENT_DIGEST)
        return leaf_digest(self.schema.id, field.index, field.mode_byte, salt, digest)

    def _value_digest(self, field: Field, seed: bytes, value: Value) -> bytes:
        match field.mode:
            case Mode.PLAIN:
                return plain_digest(field, value)
            case Mode.LADDER:
                return self._ladder(field, seed, value)
            case Mode.ENUM:
                return enum_digest(enum_bits(field, seed, value))
            case _:
                assert_never(field.mode)

    def _ladder(self, field: Field, seed: bytes, value: Value) -> bytes:
        # idx + (K - idx) steps: the work does not depend on the value
        ladder = field.require_ladder()
        idx = ladder.idx(value)
        up, down = self._contexts[field.index]
        tip_up = walk(up, kdf(seed, b"up", field.index), idx)
        tip_down = walk(down, kdf(seed, b"dn", field.index), len(ladder) - idx)
        return ladder_digest(tip_up, tip_down)


@dataclass(frozen=True, slots=True)
class FieldTree:
    """The committed fields of one attestation, leaves first."""

    levels: Sequence[Sequence[bytes]]

    @property
    def root(self) -> bytes:
        """The fieldsRoot of the header."""
        return self.levels[-1][0]


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
class CodesOpening:
    """Keys of the bits of a set that are opened as 1 and as 0, digests of those that stay shut; together all bits."""

    present: Mapping[int, bytes] = field(repr=False)
    missing: Mapping[int, bytes] = field(repr=False)
    shut: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AbsentOpening:
    """Nothing but the salt: shows that the field has no value."""


ChainOpening: TypeAlias = AtLeastOpening | BelowOpening | BetweenOpening
Opening: TypeAlias = PlainOpening | ChainOpening | BitsOpening | CodesOpening | AbsentOpening


@dataclass(frozen=True, slots=True)
class FieldProof:
    """An opening of one field, its salt, and the siblings from its leaf to the fieldsRoot."""

    opening: Opening
    salt: bytes = field(repr=False)
    path: tuple[bytes, ...] = field(repr=False)


_CHAIN_MEMBERS: Final[dict[str, tuple[type[ChainOpening], tuple[str, str]]]] = {
    "at_least": (AtLeastOpening, ("head_up", "tip_down")),
    "below": (BelowOpening, ("head_down", "tip_up")),
    "between": (BetweenOpening, ("head_up", "head_down")),
}


_CODES_MEMBERS: Final = ("present", "missing", "shut")


def proof_to_json(proof: FieldProof, field_: Field) -> dict[str, JSON]:
    """Return the JSON form of a proof."""
    body: dict[str, JSON]
    match proof.opening:
        case PlainOpening(value):
            body = {"kind": "plain", "value": field_.format(value)}
        case BitsOpening(opened, shut):
            body = {"kind": "bits", "opened": _bits_to_json(opened, field_), "shut": _bits_to_json(shut, field_)}
        case CodesOpening() as codes:
            body = {"kind": "codes", **{name: _bits_to_json(getattr(codes, name), field_) for name in _CODES_MEMBERS}}
        case AbsentOpening():
            body = {"kind": "absent"}
        case chains:
            kind = next(kind for kind, (made, _) in _CHAIN_MEMBERS.items() if isinstance(chains, made))
            body = {"kind": kind, **{name: to_hex(getattr(chains, name)) for name in _CHAIN_MEMBERS[kind][1]}}
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
        with JsonObject(value, "proof") as record:
            opening = _opening_from_json(record.record("opening"), field_)
            salt = record.blob("salt")
            path = record.items("path", max_items=MAX_DEPTH)
    except InvalidInputError as error:
        raise VerificationError(Reason.OPENING_MALFORMED, error.message, field=error.field) from error
    try:
        siblings = tuple(from_hex(sibling, "sibling") for sibling in path)
    except InvalidInputError as error:
        raise VerificationError(Reason.SIBLING_LENGTH, "every sibling must be 32 bytes") from error
    return FieldProof(opening, salt, siblings)


def _opening_from_json(record: JsonObject, field_: Field) -> Opening:
    with record:
        match record.text("kind"):
            case "plain":
                raw = record.take("value")
                return PlainOpening(parse_value(field_.type, raw, field_.name, scale=field_.measure.scale))
            case "bits":
                return BitsOpening(_bits_from_json(record, "opened", field_), _bits_from_json(record, "shut", field_))
            case "codes":
                return CodesOpening(*(_bits_from_json(record, name, field_) for name in _CODES_MEMBERS))
            case "absent":
                return AbsentOpening()
            case kind if kind in _CHAIN_MEMBERS:
                make, names = _CHAIN_MEMBERS[kind]
                return make(*map(record.blob, names))
            case _:
                raise InvalidInputError(Reason.OPENING_MALFORMED, "this kind of opening is unknown", field="kind")


def _bits_to_json(bits: Mapping[int, bytes], field_: Field) -> JSON:
    return {field_.members[position]: to_hex(digest) for position, digest in sorted(bits.items())}


def _bits_from_json(record: JsonObject, name: str, field_: Field) -> dict[int, bytes]:
    with record.record(name) as bits:
        return {position: bits.blob(member) for position, member in enumerate(field_.members) if member in bits}
