"""Commitments to the fields of one attestation (CL1, commitment). One seed reproduces everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from ledger_node.domain.hashing import HASH_BYTES, kdf, keccak, walk
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import ABSENT_BYTE, Field, Mode
from ledger_node.domain.tree import FIELD_NODE, levels_of
from ledger_node.domain.value import Special, Value, encode_value

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
    """Return the bits of an enum field; exactly the bit of its value is set."""
    return [
        enum_bit(j, kdf(seed, b"bit", field.index, j), is_set=member == value) for j, member in enumerate(field.members)
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

    def commit(self, seed: bytes, values: Sequence[Value]) -> "FieldTree":
        """Return the tree of fields for ``values`` under a 32-byte ``seed``."""
        schema = self.schema
        slots = [self._leaf(field, seed, value) for field, value in zip(schema.fields, values, strict=True)]
        unused = range(len(slots), 1 << schema.depth)
        slots += [keccak(b"\x02" + kdf(seed, b"pad", index)) for index in unused]
        return FieldTree(levels_of(slots, FIELD_NODE))

    def _leaf(self, field: Field, seed: bytes, value: Value) -> bytes:
        salt, absent = salt_of(seed, field.index), value is Special.ABSENT
        # an absent value takes the work of a present one: a proof about one field commits to all of them again, and
        # its time would tell which others have no value
        digest = self._value_digest(field, seed, 0 if absent else value)
        if absent:
            return leaf_digest(self.schema.id, field.index, ABSENT_BYTE, salt, _ABSENT_DIGEST)
        return leaf_digest(self.schema.id, field.index, field.mode.byte, salt, digest)

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
