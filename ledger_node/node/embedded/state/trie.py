"""The Merkle Patricia trie: lookup, and updates of many keys at once.

Yellow Paper, appendix D. A block changes many keys that share the upper nodes of a trie; here each of those is
encoded and hashed once a block instead of once a key. No key may be a prefix of another one, which holds for
hashed keys and for the RLP indices of transactions and receipts, so that branches never hold a value.

A node is a list as RLP decodes it: a branch of 17 members or a leaf or extension of 2, or ``b""`` for none. A
child is the hash of a node, or the node itself if its RLP is shorter than a hash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from eth.constants import BLANK_ROOT_HASH

from ledger_node.domain.hashing import keccak

Node = Any
"""A list of members or ``b""``; recursive, which the type system of Python 3.11 does not put well."""
Fetch = Callable[[bytes], bytes]

_BRANCH: Final = 17
_DECODED: Final = 4096
"""Nodes that stay in memory as they were decoded, some 2 kB each."""
_HASH: Final = 32
_SHORT: Final = 55
_NIBBLES: Final = [bytes((byte >> 4, byte & 15)) for byte in range(256)]


def nibbles(key: bytes) -> bytes:
    """Return the half-bytes of a key, one a byte."""
    return b"".join([_NIBBLES[byte] for byte in key])


def _pack(path: bytes, *, leaf: bool) -> bytes:
    """Return the hex-prefix encoding of a path (appendix C)."""
    flag = 2 if leaf else 0
    padded = bytes((flag + 1,)) + path if len(path) % 2 else bytes((flag, 0)) + path
    return bytes([high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True)])


def _unpack(packed: bytes) -> tuple[bytes, bool]:
    """Return the path and whether it is a leaf's."""
    flag = packed[0] >> 4
    return nibbles(packed)[1 if flag & 1 else 2 :], flag >= 2  # noqa: PLR2004 - the leaf flag of appendix C


def length_prefix(size: int, offset: int = 0xC0) -> bytes:
    """Return what RLP puts before a payload of ``size`` bytes: of a list, or of a string with ``offset`` 0x80."""
    if size <= _SHORT:
        return bytes((offset + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((offset + _SHORT + len(length),)) + length


def encode_node(node: Node) -> bytes:
    """Return the RLP of a node."""
    parts = []
    for member in node:
        if isinstance(member, bytes):
            size = len(member)
            if size == _HASH:
                parts.append(b"\xa0" + member)
            elif size == 0:
                parts.append(b"\x80")
            elif size == 1 and member[0] < 0x80:  # noqa: PLR2004 - RLP's single byte
                parts.append(member)
            else:
                parts.append(length_prefix(size, 0x80) + member)
        else:
            parts.append(encode_node(member))
    payload = b"".join(parts)
    return length_prefix(len(payload)) + payload


def _span(encoded: bytes, at: int) -> tuple[int, int, bool]:
    """Return where the payload of the RLP item at ``at`` begins and ends, and whether it is a list."""
    first = encoded[at]
    if first < 0x80:  # noqa: PLR2004 - RLP's single byte
        return at, at + 1, False
    base = 0xC0 if first >= 0xC0 else 0x80  # noqa: PLR2004 - RLP's first byte of a list
    size = first - base
    start = at + 1
    if size > _SHORT:
        start += size - _SHORT
        size = int.from_bytes(encoded[at + 1 : start], "big")
    return start, start + size, base == 0xC0  # noqa: PLR2004 - RLP's first byte of a list


def decode_node(encoded: bytes) -> Node:
    """Return the node of its RLP, which comes from our own file."""
    at, end, _ = _span(encoded, 0)
    node: list[Node] = []
    while at < end:
        first = encoded[at]
        if first == 0xA0:  # noqa: PLR2004 - a hash, the most frequent member
            node.append(encoded[at + 1 : at + 33])
            at += 33
        elif first == 0x80:  # noqa: PLR2004 - an empty member, the second most frequent
            node.append(b"")
            at += 1
        else:
            start, stop, is_list = _span(encoded, at)
            node.append(decode_node(encoded[at:stop]) if is_list else encoded[start:stop])
            at = stop
    return node


def _load(fetch: Fetch, child: Node) -> Node:
    if isinstance(child, bytes) and child:
        return decode_node(fetch(child))
    return child


@lru_cache(_DECODED)
def _decoded(encoded: bytes) -> Node:
    """Return a node that nobody changes: those near the root are read by every lookup."""
    return decode_node(encoded)


def _read(fetch: Fetch, child: Node) -> Node:
    return _decoded(fetch(child)) if isinstance(child, bytes) and child else child


def lookup(fetch: Fetch, root: bytes, key: bytes) -> bytes:
    """Return the value of a key under a root, or empty bytes."""
    if root == BLANK_ROOT_HASH:
        return b""
    path = nibbles(key)
    node = _read(fetch, root)
    while node:
        if len(node) == _BRANCH:
            node, path = _read(fetch, node[path[0]]), path[1:]
            continue
        own, is_leaf = _unpack(node[0])
        if is_leaf:
            return bytes(node[1]) if own == path else b""
        if not path.startswith(own):
            return b""
        node, path = _read(fetch, node[1]), path[len(own) :]
    return b""


class _Update:
    """One update; collects the new nodes."""

    def __init__(self, fetch: Fetch) -> None:
        self._stored = fetch
        self.nodes: dict[bytes, bytes] = {}

    def _fetch(self, digest: bytes) -> bytes:
        return self.nodes.get(digest) or self._stored(digest)

    def reference(self, node: Node) -> Node:
        """Return what a parent holds of a node: nothing, the node, or its hash."""
        if not node:
            return b""
        encoded = encode_node(node)
        return node if len(encoded) < _HASH else self.keep(encoded)

    def keep(self, encoded: bytes) -> bytes:
        """Collect the RLP of a node; return its hash."""
        digest = keccak(encoded)
        self.nodes[digest] = encoded
        return digest

    def apply(self, node: Node, items: Sequence[tuple[bytes, bytes]], depth: int) -> Node:
        """Return ``node`` with the items, whose paths agree up to ``depth``, put in or (if empty) taken out."""
        if not node:
            return self._build([item for item in items if item[1]], depth)
        if len(node) == _BRANCH:
            return self._branch(node, items, depth)
        own, is_leaf = _unpack(node[0])
        same = _common(own, (path[depth:] for path, _ in items))
        if same == len(own):
            if is_leaf:
                value = items[-1][1]
                return [node[0], value] if value else b""
            return self._extend(own, self.apply(_load(self._fetch, node[1]), items, depth + same))
        rest = own[same + 1 :]
        below = [_pack(rest, leaf=is_leaf), node[1]] if rest or is_leaf else None
        branch: list[Node] = [b""] * _BRANCH
        branch[own[same]] = node[1] if below is None else self.reference(below)
        return self._extend(own[:same], self._branch(branch, items, depth + same))

    def _branch(self, node: Node, items: Sequence[tuple[bytes, bytes]], depth: int) -> Node:
        members = list(node)
        for nibble, group in _groups(items, depth):
            child = self.apply(_load(self._fetch, members[nibble]), group, depth + 1)
            members[nibble] = self.reference(child)
        filled = [place for place, member in enumerate(members) if member]
        if not filled:
            return b""
        if len(filled) > 1:
            return members
        return self._extend(bytes(filled), _load(self._fetch, members[filled[0]]))

    def _extend(self, path: bytes, node: Node) -> Node:
        """Return ``node`` with ``path`` before it."""
        if not node or not path:
            return node
        if len(node) == _BRANCH:
            return [_pack(path, leaf=False), self.reference(node)]
        own, is_leaf = _unpack(node[0])
        return [_pack(path + own, leaf=is_leaf), node[1]]

    def _build(self, items: Sequence[tuple[bytes, bytes]], depth: int) -> Node:
        if not items:
            return b""
        first = items[0][0]
        if len(items) == 1:
            return [_pack(first[depth:], leaf=True), items[0][1]]
        same = _common(first[depth:], (path[depth:] for path, _ in items))
        members: list[Node] = [b""] * _BRANCH
        for nibble, group in _groups(items, depth + same):
            members[nibble] = self.reference(self._build(group, depth + same + 1))
        return self._extend(first[depth : depth + same], members)


def _common(own: bytes, others: Iterable[bytes]) -> int:
    """Return how many first members ``own`` shares with all the others."""
    same = len(own)
    for other in others:
        if not other.startswith(own[:same]):
            same = next(place for place in range(same) if own[place : place + 1] != other[place : place + 1])
    return same


def _groups(items: Sequence[tuple[bytes, bytes]], depth: int) -> Iterable[tuple[int, list[tuple[bytes, bytes]]]]:
    groups: dict[int, list[tuple[bytes, bytes]]] = {}
    for item in items:
        groups.setdefault(item[0][depth], []).append(item)
    return groups.items()


def update(fetch: Fetch, root: bytes, changes: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root after setting keys to values (an empty value removes its key), and the new nodes by hash.

    Args:
        fetch: returns the RLP of a node by its hash.
        root: root before the changes.
        changes: value by key; all keys of one length, or none a prefix of another one.
    """
    if not changes:
        return root, {}
    work = _Update(fetch)
    node = b"" if root == BLANK_ROOT_HASH else decode_node(fetch(root))
    node = work.apply(node, [(nibbles(key), value) for key, value in changes.items()], 0)
    if not node:
        return bytes(BLANK_ROOT_HASH), {}
    digest = work.keep(encode_node(node))
    return digest, work.nodes
