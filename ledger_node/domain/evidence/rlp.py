"""Recursive Length Prefix: byte texts and lists of them, each in its one shortest form (Yellow Paper, appendix B)."""

from typing import Final, TypeAlias

Item: TypeAlias = "bytes | list[Item]"

MAX_DEPTH: Final = 16
"""Lists inside lists; what a chain seals has three, and a node of a trie inside another one few more."""
_TEXT: Final = 0x80
_LIST: Final = 0xC0
_SHORT: Final = 55
"""Bytes that a length in the first byte can say."""


def encode(item: Item) -> bytes:
    """Return the one form of an item."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < _TEXT else _prefix(len(item), _TEXT) + item
    content = b"".join(encode(part) for part in item)
    return _prefix(len(content), _LIST) + content


def decode(data: bytes) -> Item:
    """Return the item that ``data`` is the one form of.

    Raises:
        ValueError: it is the form of none, or lists lie deeper in it than ``MAX_DEPTH``.
    """
    item, end = _read(data, 0, len(data), 0)
    if end != len(data):
        raise ValueError("bytes follow")
    return item


def texts(item: Item) -> tuple[bytes, ...]:
    """Return the parts of a list of byte texts.

    Raises:
        ValueError: it is another item.
    """
    parts = [] if isinstance(item, bytes) else [part for part in item if isinstance(part, bytes)]
    if parts != item:
        raise ValueError("it is no list of byte texts")
    return tuple(parts)


def _prefix(length: int, kind: int) -> bytes:
    if length <= _SHORT:
        return bytes([kind + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([kind + _SHORT + len(size)]) + size


def _read(data: bytes, at: int, limit: int, depth: int) -> tuple[Item, int]:
    if at >= limit or depth > MAX_DEPTH:
        raise ValueError("it ends early, or lists lie too deep")
    if data[at] < _TEXT:
        return data[at : at + 1], at + 1
    kind = _LIST if data[at] >= _LIST else _TEXT
    start, end = _span(data, at, kind, limit)
    if kind == _TEXT:
        text = data[start:end]
        if len(text) == 1 and text[0] < _TEXT:
            raise ValueError("a byte is not in its shortest form")
        return text, end
    parts: list[Item] = []
    while start < end:
        part, start = _read(data, start, end, depth + 1)
        parts.append(part)
    return parts, end


def _span(data: bytes, at: int, kind: int, limit: int) -> tuple[int, int]:
    length, start = data[at] - kind, at + 1
    if length > _SHORT:
        size = data[start : start + length - _SHORT]
        start += length - _SHORT
        length = int.from_bytes(size, "big")
        if size[:1] == b"\x00" or length <= _SHORT:
            raise ValueError("a length is not in its shortest form")
    if start + length > limit:
        raise ValueError("it ends early")
    return start, start + length
