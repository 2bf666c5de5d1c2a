"""Strict JSON and the typed reading of its members (clauses 2, 17 and 19)."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import rfc8785

from .errors import RefusedError, need

MAX_DEPTH = 32
MAX_DIGITS = 39
ADDRESS = 20
MAX_SAFE = 2**53 - 1
HEX = re.compile(r"0x(?:[0-9a-f]{2})*\Z")
ANY_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")
LATE: ContextVar[list[str] | None] = ContextVar("LATE", default=None)
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def _depth(text: str) -> int:
    """How deeply lists and objects nest, texts aside."""
    deepest = now = 0
    for char in STRINGS.sub("", text):
        if char in "[{":
            now += 1
            deepest = max(deepest, now)
        elif char in "]}":
            now -= 1
    return deepest


def _integer(digits: str) -> int:
    need(len(digits.lstrip("-")) <= MAX_DIGITS, "value_out_of_range")
    return int(digits)


def _no_number(_: str) -> Any:
    raise RefusedError("type_wrong", "a float")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    need(len(found) == len(pairs), "json_duplicate_key")
    return found


def _whole(value: object) -> None:
    """No half of a surrogate pair stands in a text or a name (clause 17)."""
    if isinstance(value, str):
        need(not any("\ud800" <= char <= "\udfff" for char in value), "json_malformed")
    elif isinstance(value, list):
        for item in value:
            _whole(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _whole(name)
            _whole(item)


def parse(data: bytes, limit: int) -> Any:
    """The value that these bytes are the strict JSON of (clause 17, table of faults)."""
    need(len(data) <= limit, "too_large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError("json_malformed") from error
    need(_depth(text) <= MAX_DEPTH, "json_too_deep")
    try:
        value = json.loads(
            text, parse_float=_no_number, parse_constant=_no_number, parse_int=_integer, object_pairs_hook=_pairs
        )
    except ValueError as error:
        raise RefusedError("json_malformed") from error
    _whole(value)
    return value


def canonical(value: object) -> bytes:
    """RFC 8785; an integer beyond 2^53 - 1 has no such form (clause 17)."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.IntegerDomainError as error:
        raise RefusedError("value_out_of_range") from error


@contextmanager
def one_form_last() -> Iterator[None]:
    """Faults of the one form are looked for last, after those of the members (clause 17, Several faults)."""
    faults: list[str] = []
    token = LATE.set(faults)
    try:
        yield
    finally:
        LATE.reset(token)
    need(not faults, "not_canonical", "; ".join(faults))


def one_form(condition: object, note: str) -> None:
    """Something stands in its one form (clause 16); where a bundle is read, the fault is kept for the end."""
    late = LATE.get()
    if late is None:
        need(condition, "not_canonical", note)
    elif not condition:
        late.append(note)


def is_int(value: object) -> bool:
    """`true` is no integer (clause 17)."""
    return isinstance(value, int) and not isinstance(value, bool)


def members(value: Any, required: str, optional: str = "") -> dict[str, Any]:
    """An object with all of the required members and no other than these and the optional ones."""
    need(isinstance(value, dict), "type_wrong")
    wanted = required.split()
    need(all(name in value for name in wanted), "field_missing", required)
    allowed = {*wanted, *optional.split()}
    need(all(name in allowed for name in value), "field_unknown", str(set(value) - allowed))
    return value


def items(value: Any, limit: int) -> list[Any]:
    """A list of at most so many items."""
    need(isinstance(value, list), "type_wrong")
    need(len(value) <= limit, "too_large")
    return value


def integer(value: Any, low: int = 0, high: int = MAX_SAFE) -> int:
    """An integer within bounds."""
    need(is_int(value), "type_wrong")
    need(low <= value <= high, "value_out_of_range")
    return value


def text(value: Any, limit: int = 1024) -> str:
    """A text of at most so many characters."""
    need(isinstance(value, str), "type_wrong")
    need(len(value) <= limit, "too_large")
    return value


def octets(value: Any, size: int | None = None) -> bytes:
    """A byte text: 0x and lower-case hexadecimal digits; an address in capitals is another form of the same."""
    need(isinstance(value, str), "value_malformed" if size == ADDRESS else "type_wrong")
    need(HEX.match(value) or (size == ADDRESS and ANY_HEX.match(value)), "value_malformed")
    data = bytes.fromhex(value[2:])
    need(size is None or len(data) == size, "value_malformed")
    one_form(HEX.match(value), "capitals")
    return data


def rising(keys: list[Any]) -> None:
    """A list in its one order, each once (clause 16)."""
    one_form(all(a < b for a, b in itertools.pairwise(keys)), "order")
