"""Canonical JSON (RFC 8785) out, strict JSON in.

Strict means: UTF-8, no duplicate keys, no floats, no NaN, bounded depth, size and integers, no lone
surrogates. Whatever passes has exactly one meaning.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import orjson

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"

MAX_DEPTH: Final = 32
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_INTEGER_DIGITS: Final = 39
"""Digits of the largest 16-byte two's complement integer."""

_BEYOND_UTF16: Final = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""First bytes of code points that take two units of UTF-16; looked for one by one, as that is the fastest."""
_STRUCTURE: Final = re.compile(r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|[\[\]{}]', re.DOTALL)
"""A string, an unfinished one to the end of the text, or a bracket."""


def encode(value: JSON) -> bytes:
    """Return the one RFC 8785 form of ``value``.

    Raises:
        InvalidInputError: ``value`` has no canonical form (integers beyond 2^53, lone surrogates).
    """
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
        # orjson sorts keys by code points and RFC 8785 by UTF-16; they differ only where there is one beyond U+FFFF
        if any(first in encoded for first in _BEYOND_UTF16):
            encoded = orjson.dumps(_in_order_of_utf16(value), option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError as error:
        raise InvalidInputError(
            Reason.VALUE_OUT_OF_RANGE,
            "this has no canonical JSON form: integers must stay within 2^53 and text must be valid Unicode",
        ) from error
    return encoded


def _in_order_of_utf16(value: JSON) -> JSON:
    match value:
        case str():
            return value
        case Mapping():
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
            return {key: _in_order_of_utf16(value[key]) for key in keys}
        case Sequence():
            return [_in_order_of_utf16(member) for member in value]
        case _:
            return value


def decode(data: bytes, *, max_bytes: int = MAX_BYTES) -> JSON:
    """Parse strict JSON.

    Raises:
        InvalidInputError: ``too_large``, ``json_too_deep``, ``json_duplicate_key`` or ``json_malformed``.
    """
    if len(data) > max_bytes:
        raise InvalidInputError(Reason.TOO_LARGE, f"JSON of more than {max_bytes} bytes is not read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(Reason.JSON_MALFORMED, "JSON must be UTF-8") from error
    require_shallow(text)
    try:
        value: JSON = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            Reason.JSON_MALFORMED,
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
        ) from error
    if "\\ud" in text or "\\uD" in text:
        _require_unicode(value)
    return value


def require_shallow(text: str) -> None:
    """Require that JSON is not nested deeper than ``MAX_DEPTH``, before a decoder that recurses reads it.

    Raises:
        InvalidInputError: ``json_too_deep``.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(text):
        bracket = token.group()
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidInputError(Reason.JSON_TOO_DEEP, f"JSON nested deeper than {MAX_DEPTH} is not read")
        elif bracket in "]}":
            depth -= 1


def _require_unicode(value: JSON) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(Reason.JSON_MALFORMED, "text holds a lone surrogate") from error


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidInputError(Reason.JSON_DUPLICATE_KEY, "a key stands twice in one JSON object")
    return members


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > MAX_INTEGER_DIGITS:
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, "an integer is longer than 39 digits")
    return int(digits)


def _no_float(_: str) -> JSON:
    raise InvalidInputError(
        Reason.TYPE_WRONG,
        "decimal points, exponents, NaN and Infinity are not read; write decimals as texts",
    )
