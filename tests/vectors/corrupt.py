"""What corruptions are made of: changes of single byte texts, and the records they are kept in."""

from collections.abc import Iterator

from tests.vectors import naive_ledger
from tests.vectors.naive import RefusedError

FAILED = "field_proof_failed"
MALFORMED = "opening_malformed"


def corruption(name: str, of: dict, reason: str, *changes: tuple, stage: str = "check") -> dict:
    """One record; a change is (pointer, value), or (pointer,) to take a member away."""
    made = [{"path": path, "value": rest[0]} if rest else {"path": path, "remove": True} for path, *rest in changes]
    return {"name": name, "of": of["name"], "stage": stage, "change": made, "expect": {"reason": reason}}


def at(case: dict, pointer: str) -> object:
    value: object = case
    for name in pointer.split("/")[1:]:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def flipped(text: str, byte: int, mask: int) -> str:
    data = bytearray.fromhex(text[2:])
    data[byte] ^= mask
    return "0x" + data.hex()


def altered(text: str) -> Iterator[tuple[str, str]]:
    """(name, value): other bytes of the same length; one position of each class, and the whole."""
    last = len(text) // 2 - 2
    yield "first_bit", flipped(text, 0, 0x80)
    yield "middle_byte", flipped(text, last // 2, 0xFF)
    yield "last_bit", flipped(text, last, 0x01)
    yield "reversed", "0x" + bytes.fromhex(text[2:])[::-1].hex()
    yield "zeros", "0x" + "00" * (last + 1)


def resized(text: str) -> Iterator[tuple[str, object]]:
    """(name, value): not the bytes of a 32-byte text."""
    yield "truncated", text[:-2]
    yield "lengthened", text + "00"
    yield "half_a_byte", text[:-1]
    yield "empty", "0x"
    yield "no_prefix", text[2:]
    yield "upper_case", "0x" + text[2:].upper().replace("0", "A")
    yield "null", None
    yield "number", 7


def every_byte(name: str, of: dict, pointer: str, reason: str, *, step: int = 1) -> list[dict]:
    """One bit of every ``step``-th byte, another bit each time."""
    text = at(of, pointer)
    return [
        corruption(f"{name}_byte_{byte}", of, reason, (pointer, flipped(text, byte, 1 << byte % 8)))
        for byte in range(0, len(text) // 2 - 1, step)
    ]


def bytes_altered(name: str, of: dict, pointer: str, reason: str) -> list[dict]:
    text = at(of, pointer)
    found = [(how, value) for how, value in altered(text) if value != text]
    return [corruption(f"{name}_{how}", of, reason, (pointer, value)) for how, value in found]


def bytes_resized(name: str, of: dict, pointer: str, reason: str) -> list[dict]:
    made = resized(at(of, pointer))
    return [corruption(f"{name}_{how}", of, reason, (pointer, value), stage="form") for how, value in made]


def refused(case: dict, record: dict) -> str:
    """The reason the reference gives, or what it takes the corruption to show."""
    try:
        return naive_ledger.check(naive_ledger.changed(case, record["change"]))
    except RefusedError as error:
        return error.args[0]
