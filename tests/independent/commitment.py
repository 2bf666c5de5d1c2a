"""Committing to the fields anew from a seed (clauses 4 to 6), as whoever has seed and record may do."""

from typing import Any

from . import values
from .crypto import kdf, tagged, tree_root
from .fieldproof import steps
from .schema import Field, Schema

NONE_ON_RECORD, NO_END = "none", "no end"


def index_on_ladder(field: Field, value: Any) -> int:
    """idx(v): how many thresholds are at most v; none on record lies below all."""
    if value == NONE_ON_RECORD and field.none_on_record:
        return 0
    if value == NO_END and field.no_end:
        return len(field.points)
    number = values.typed(field.type, value, field.scale)
    return sum(1 for point in field.points if point <= number)


def value_digest(schema: Schema, field: Field, seed: bytes, value: Any) -> bytes:
    """vd of a field (clause 4)."""
    if value is None:
        return bytes(32)
    if field.mode == "plain":
        return tagged(0x10, values.encode(field.type, values.typed(field.type, value, field.scale)))
    if field.mode == "enum":
        chosen = value if isinstance(value, list) else [value]
        bits = [
            tagged(0x13, j.to_bytes(2), kdf(seed, "bit", field.index, j), bytes([member in chosen]))
            for j, member in enumerate(field.members)
        ]
        return tagged(0x12, *bits)
    index = index_on_ladder(field, value)
    up = steps(schema, field, 0, kdf(seed, "up", field.index), index)
    down = steps(schema, field, 1, kdf(seed, "dn", field.index), len(field.points) - index)
    return tagged(0x11, up, down)


def leaf(schema: Schema, field: Field, seed: bytes, value: Any) -> bytes:
    """The leaf of a field; an absent one has mode 0xff."""
    mode = 0xFF if value is None else field.mode_byte()
    place = field.index.to_bytes(2)
    salt = kdf(seed, "salt", field.index)
    return tagged(0x00, schema.id, place, bytes([mode]), salt, value_digest(schema, field, seed, value))


def leaves(schema: Schema, seed: bytes, record: dict[str, Any]) -> list[bytes]:
    """All slots up to the next power of two, unused ones filled."""
    found = [leaf(schema, field, seed, record.get(field.name)) for field in schema.fields]
    size = 1 << (len(found) - 1).bit_length()
    return found + [tagged(0x02, kdf(seed, "pad", slot)) for slot in range(len(found), size)]


def path_of(slots: list[bytes], index: int, tag: int) -> list[bytes]:
    """The siblings of a slot, from the leaf upwards."""
    path = []
    while len(slots) > 1:
        path.append(slots[index ^ 1])
        slots = [tagged(tag, a, b) for a, b in zip(slots[::2], slots[1::2], strict=True)]
        index >>= 1
    return path


def root_of(slots: list[bytes], tag: int) -> bytes:
    """The top of a tree."""
    return tree_root(slots[0], 0, path_of(slots, 0, tag), tag)
