"""Proofs about one committed field (clauses 4, 5, 10 and rule 16 of clause 18)."""

from dataclasses import dataclass
from typing import Any

from . import values
from .crypto import depth_of, tagged, tree_root
from .errors import RefusedError, need
from .schema import Field, Schema
from .statement import Statement
from .strict import items, members, octets, text

SHAPES = {
    "plain": "value",
    "at_least": "head_up tip_down",
    "below": "head_down tip_up",
    "between": "head_up head_down",
    "bits": "opened shut",
    "codes": "present missing shut",
    "absent": "",
}
FITS = {
    "at_least": ("at_least", "below"),
    "below": ("at_least", "below"),
    "between": ("at_least", "below", "between"),
    "one_of": ("bits",),
    "none_of": ("bits",),
    "has_any": ("codes",),
    "has_none": ("codes",),
    "has_all": ("codes",),
    "equals": ("plain",),
}
MAX_SIBLINGS = 32


@dataclass(frozen=True)
class Proof:
    """An opening, the salt of the leaf, and the siblings from the leaf upwards."""

    kind: str
    opening: dict[str, Any]
    salt: bytes
    path: list[bytes]


@dataclass(frozen=True)
class Shown:
    """What a proof shows: holds, does_not_hold or cannot_tell, and a plain value or member."""

    outcome: str
    value: Any = None


def read(value: Any, field: Field) -> Proof:
    """The JSON of a proof about a field; what is wrong with an opening is `opening_malformed`."""
    try:
        members(value, "opening salt path")
        opening = value["opening"]
        need(isinstance(opening, dict) and opening.get("kind") in SHAPES, "opening_malformed")
        kind = opening["kind"]
        members(opening, "kind " + SHAPES[kind])
        found = {name: _part(kind, opening[name], field) for name in SHAPES[kind].split()}
        salt = octets(value["salt"], 32)
        path = items(value["path"], MAX_SIBLINGS)
    except (RefusedError, TypeError) as error:
        raise RefusedError("opening_malformed") from error
    try:
        return Proof(kind, found, salt, [octets(sibling, 32) for sibling in path])
    except RefusedError as error:
        raise RefusedError("sibling_length") from error


def _part(kind: str, value: Any, field: Field) -> Any:
    if kind in ("bits", "codes"):
        need(isinstance(value, dict) and set(value) <= set(field.members), "opening_malformed")
        return {member: octets(key, 32) for member, key in value.items()}
    if kind == "plain":
        if field.type == "enum":
            return text(value)
        values.typed(field.type, value, field.scale)
        return value
    return octets(value, 32)


def check(proof: Proof, statement: Statement, field: Field, schema: Schema, fields_root: bytes) -> Shown:
    """Rule 16: the proof leads to fieldsRoot and shows the statement, its complement, or absence."""
    need(_mode_fits(proof, statement, field), "mode_mismatch")
    if proof.kind == "bits":
        _sets_fit(proof, statement, field)
    if proof.kind == "codes":
        _codes_fit(proof, statement, field)
    digest, shown = _digest(proof, statement, field, schema)
    mode = 0xFF if proof.kind == "absent" else field.mode_byte()
    need(len(proof.path) == depth_of(len(schema.fields)), "path_length")
    leaf = tagged(0x00, schema.id, field.index.to_bytes(2), bytes([mode]), proof.salt, digest)
    need(tree_root(leaf, field.index, proof.path, 0x01) == fields_root, "field_proof_failed")
    return shown


def _mode_fits(proof: Proof, statement: Statement, field: Field) -> bool:
    if proof.kind == "absent":
        return True
    if statement.kind == "reveal":
        shape = "codes" if field.type == "codes" else {"plain": "plain", "enum": "bits"}.get(field.mode)
        return proof.kind == shape
    return proof.kind in FITS[statement.kind]


def _sets_fit(proof: Proof, statement: Statement, field: Field) -> None:
    """Opened and shut are all bits once, and the opened ones the asked set or its complement."""
    opened, shut = set(proof.opening["opened"]), set(proof.opening["shut"])
    need(not opened & shut and opened | shut == set(field.members), "opened_set_mismatch")
    if statement.kind == "reveal":
        need(len(shut) == 1, "opened_set_mismatch")
        return
    asked = {field.members[p] for p in statement.positions}
    need(opened in (asked, set(field.members) - asked), "opened_set_mismatch")


def _codes_fit(proof: Proof, statement: Statement, field: Field) -> None:
    """All bits once; opened are those that are asked about, or the one that decides (clause 10)."""
    present, missing, shut = (set(proof.opening[name]) for name in ("present", "missing", "shut"))
    need(len(present) + len(missing) + len(shut) == len(field.members), "opened_set_mismatch")
    need(present | missing | shut == set(field.members), "opened_set_mismatch")
    if statement.kind == "reveal":
        need(not shut, "opened_set_mismatch")
        return
    asked = {field.members[p] for p in statement.positions}
    every, one = (present, missing) if statement.kind == "has_all" else (missing, present)
    fits = (every == asked and not one) or (len(one) == 1 and one <= asked and not every)
    need(fits, "opened_set_mismatch")


def _digest(proof: Proof, statement: Statement, field: Field, schema: Schema) -> tuple[bytes, Shown]:
    """The value digest that the opening leads to, and what it shows."""
    if proof.kind == "absent":
        return bytes(32), Shown("cannot_tell")
    if proof.kind == "plain":
        return _plain(proof, statement, field)
    if proof.kind == "bits":
        return _bits(proof, statement, field)
    if proof.kind == "codes":
        return _codes(proof, statement, field)
    return _chains(proof, statement, field, schema)


def _plain(proof: Proof, statement: Statement, field: Field) -> tuple[bytes, Shown]:
    try:
        value = values.typed(field.type, proof.opening["value"], field.scale)
    except RefusedError as error:
        raise RefusedError("opening_malformed") from error
    holds = statement.kind == "reveal" or value == statement.value
    return tagged(0x10, values.encode(field.type, value)), Shown("holds" if holds else "does_not_hold", value)


def _bits(proof: Proof, statement: Statement, field: Field) -> tuple[bytes, Shown]:
    opened, shut = proof.opening["opened"], proof.opening["shut"]
    bits = [
        tagged(0x13, j.to_bytes(2), opened[member], b"\0") if member in opened else shut[member]
        for j, member in enumerate(field.members)
    ]
    digest = tagged(0x12, *bits)
    if statement.kind == "reveal":
        return digest, Shown("holds", next(iter(shut)))
    inside = {field.members[p] for p in statement.positions} == set(shut)
    holds = inside == (statement.kind == "one_of")
    return digest, Shown("holds" if holds else "does_not_hold", next(iter(shut)) if len(shut) == 1 else None)


def _codes(proof: Proof, statement: Statement, field: Field) -> tuple[bytes, Shown]:
    present, missing, shut = (proof.opening[name] for name in ("present", "missing", "shut"))
    bits = []
    for j, member in enumerate(field.members):
        if member in shut:
            bits.append(shut[member])
        else:
            is_set = member in present
            key = present[member] if is_set else missing[member]
            bits.append(tagged(0x13, j.to_bytes(2), key, bytes([is_set])))
    holds = {
        "has_any": bool(present),
        "has_none": not present,
        "has_all": not missing,
        "reveal": True,
    }[statement.kind]
    value = None if shut else tuple(m for m in field.members if m in present)
    return tagged(0x12, *bits), Shown("holds" if holds else "does_not_hold", value)


def steps(schema: Schema, field: Field, direction: int, start: bytes, times: int) -> bytes:
    """The step of a chain, so many times (clause 5)."""
    context = tagged(0x21, schema.id, field.index.to_bytes(2), bytes([direction]))
    for _ in range(times):
        start = tagged(0x22, context, start)
    return start


def _chains(proof: Proof, statement: Statement, field: Field, schema: Schema) -> tuple[bytes, Shown]:
    """Both tips of a ladder."""
    low = statement.low or statement.j
    high = statement.high or statement.j
    opening, count = proof.opening, len(field.points)
    if proof.kind == "between":
        up = steps(schema, field, 0, opening["head_up"], low)
        down = steps(schema, field, 1, opening["head_down"], count - (high - 1))
        return tagged(0x11, up, down), Shown("holds")
    if proof.kind == "at_least":
        up = steps(schema, field, 0, opening["head_up"], high)
        return tagged(0x11, up, opening["tip_down"]), Shown(_outcome(statement, "at_least"))
    down = steps(schema, field, 1, opening["head_down"], count - (low - 1))
    return tagged(0x11, opening["tip_up"], down), Shown(_outcome(statement, "below"))


def _outcome(statement: Statement, kind: str) -> str:
    return "holds" if statement.kind == kind else "does_not_hold"
