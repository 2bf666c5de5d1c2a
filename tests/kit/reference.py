"""CL1 once more, naively and only from format.md, to hold the real implementation to.

Nothing is imported from ledger_node. Keccak comes from pycryptodome, HMAC is written out, thresholds are
searched from one end, and trees are recursions. A value is a Python int (smallest units), str or bool; a day for
dates and months; a list of members for a set; None for absent; the texts "none" and "no end" for these.
"""

import datetime as dt
import hashlib
import json

from Crypto.Hash import keccak as crypto_keccak

NONE, NO_END = "none", "no end"
MODES = {"plain": 1, "ladder": 2, "enum": 3}
TYPES = {"integer": 1, "date": 2, "month": 2, "text": 3, "code": 4, "bool": 5}


def H(*parts: bytes) -> bytes:  # noqa: N802 - the letter of the format
    return crypto_keccak.new(digest_bits=256, data=b"".join(parts)).digest()


def kdf(seed: bytes, label: str, *indices: int) -> bytes:
    key = seed + bytes(64 - len(seed))
    message = b"CL1/" + label.encode() + b"".join(index.to_bytes(4, "big") for index in indices)
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def schema_id(spec: dict) -> bytes:
    # for ASCII names and integers, RFC 8785 is sorted keys without spaces
    return H(b"\x20", json.dumps(spec, sort_keys=True, separators=(",", ":")).encode())


def month(text: str) -> int:
    return (dt.date(int(text[:4]), int(text[5:]), 1) - dt.date(1970, 1, 1)).days


def date(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def units(text: object, scale: int) -> int:
    """Smallest units of a number in JSON: an integer, or with a scale a decimal text."""
    if not scale:
        return text
    whole, _, fraction = text.partition(".")
    return int(whole + fraction + "0" * (scale - len(fraction)))


def native(field: dict, value: object) -> object:
    """A value of JSON that is known to be well-formed, as a Python value."""
    kind = field["type"]
    if value is None or (value in (NONE, NO_END) and kind in {"date", "month"}):
        return value
    if kind == "integer":
        return units(value, field.get("scale", 0))
    return date(value) if kind == "date" else month(value) if kind == "month" else value


def ladder(field: dict) -> list[int]:
    """L_1 to L_K: points of the kind, points of its own, and the two ends beyond every day."""
    spec = field["ladder"]
    points = set(computed(field, spec))
    points |= {native(field, point) for point in spec.get("also", [])}
    points |= {-(2**31)} if field.get("none_on_record") else set()
    points |= {2**31} if field.get("no_end") else set()
    return sorted(points)


def computed(field: dict, spec: dict) -> list[int]:
    if spec["kind"] == "months":
        low, high = month(spec["from"]), month(spec["to"])
        first_days = (dt.date(1970, 1, 1) + dt.timedelta(days=n) for n in range(low, high + 1))
        return [(day - dt.date(1970, 1, 1)).days for day in first_days if day.day == 1]
    low, high = native(field, spec["from"]), native(field, spec["to"])
    if spec["kind"] in {"integers", "days"}:
        return list(range(low, high + 1, native(field, spec["step"]) if "step" in spec else 1))
    leading = range(1, 10) if spec["kind"] == "one_digit" else range(10, 100)
    points = {digit * 10**power for digit in leading for power in range(40)}
    points = {point for point in points if low <= point <= high}
    return sorted(points | {-point for point in points} | {0} if spec.get("mirrored") else points)


def idx_of(field: dict, value: object) -> int:
    thresholds = ladder(field)
    if value in (NONE, NO_END):
        return 0 if value == NONE else len(thresholds)
    return len([point for point in thresholds if point <= value])


def step(ctx: bytes, x: bytes, times: int) -> bytes:
    for _ in range(times):
        x = step_once(ctx, x)
    return x


def step_once(ctx: bytes, x: bytes) -> bytes:
    return H(b"\x22", ctx, x)


def context(schema: bytes, i: int, direction: int) -> bytes:
    return H(b"\x21", schema, i.to_bytes(2, "big"), bytes([direction]))


def plain(kind: str, value: object) -> bytes:
    match kind:
        case "integer":
            body = (value % 2**128).to_bytes(16, "big")
        case "date" | "month":
            body = (value % 2**32).to_bytes(4, "big")
        case "bool":
            body = bytes([1 if value else 0])
        case _:
            body = value.encode()
    return H(b"\x10", bytes([TYPES[kind]]), body)


def value_digest(field: dict, i: int, schema: bytes, seed: bytes, value: object) -> bytes:
    match field["mode"]:
        case "plain":
            return plain(field["type"], value)
        case "ladder":
            idx = idx_of(field, value)
            up = step(context(schema, i, 0), kdf(seed, "up", i), idx)
            down = step(context(schema, i, 1), kdf(seed, "dn", i), len(ladder(field)) - idx)
            return H(b"\x11", up, down)
        case _:
            bits = [
                H(b"\x13", j.to_bytes(2, "big"), kdf(seed, "bit", i, j), b"\x01" if is_set(value, member) else b"\x00")
                for j, member in enumerate(field["members"])
            ]
            return H(b"\x12", *bits)


def is_set(value: object, member: str) -> bool:
    return member in value if isinstance(value, list) else member == value


def mode_of(field: dict) -> int:
    return 4 if field["type"] == "codes" else MODES[field["mode"]]


def leaf(field: dict, i: int, schema: bytes, seed: bytes, value: object) -> bytes:
    mode, digest = mode_of(field), None
    if value is None:
        mode, digest = 0xFF, bytes(32)
    digest = digest or value_digest(field, i, schema, seed, value)
    return H(b"\x00", schema, i.to_bytes(2, "big"), bytes([mode]), kdf(seed, "salt", i), digest)


def slots(spec: dict, seed: bytes, values: list) -> list[bytes]:
    schema = schema_id(spec)
    leaves = [leaf(field, i, schema, seed, values[i]) for i, field in enumerate(spec["fields"])]
    while len(leaves) & (len(leaves) - 1):
        leaves.append(H(b"\x02", kdf(seed, "pad", len(leaves))))
    return leaves


def root(leaves: list[bytes], tag: bytes) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = len(leaves) // 2
    return H(tag, root(leaves[:half], tag), root(leaves[half:], tag))


def path(leaves: list[bytes], index: int, tag: bytes) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = len(leaves) // 2
    if index < half:
        return [*path(leaves[:half], index, tag), root(leaves[half:], tag)]
    return [*path(leaves[half:], index - half, tag), root(leaves[:half], tag)]


def fields_root(spec: dict, seed: bytes, values: list) -> bytes:
    return root(slots(spec, seed, values), b"\x01")


def subject_tag(seed: bytes, code: str) -> bytes:
    return H(b"\x30", kdf(seed, "subject"), code.encode())


def header(spec: dict, fields: bytes, tag: bytes, rest: dict) -> bytes:
    widths = {"issued_at": 8, "valid_until": 8, "as_of": 4, "period_from": 4, "period_to": 4}
    numbers = b"".join(rest[name].to_bytes(width, "big") for name, width in widths.items())
    chain = rest["chain_id"].to_bytes(8, "big") + rest["registry"]
    return H(b"\x03", schema_id(spec), fields, tag, rest["issuer"], numbers, rest["supersedes"], chain)


def batch_slots(headers: list[bytes]) -> list[bytes]:
    leaves = [H(b"\x04", digest) for digest in headers]
    while len(leaves) & (len(leaves) - 1):
        leaves.append(H(b"\x06"))
    return leaves


def at_least(spec: dict, i: int, seed: bytes, value: object, j: int) -> tuple[bytes, bytes]:
    """(head, tipDown) for v >= L_j."""
    schema, thresholds = schema_id(spec), ladder(spec["fields"][i])
    idx = idx_of(spec["fields"][i], value)
    down = step(context(schema, i, 1), kdf(seed, "dn", i), len(thresholds) - idx)
    return step(context(schema, i, 0), kdf(seed, "up", i), idx - j), down


def below(spec: dict, i: int, seed: bytes, value: object, j: int) -> tuple[bytes, bytes]:
    """(head, tipUp) for v < L_j."""
    schema, idx = schema_id(spec), idx_of(spec["fields"][i], value)
    up = step(context(schema, i, 0), kdf(seed, "up", i), idx)
    return step(context(schema, i, 1), kdf(seed, "dn", i), j - 1 - idx), up
