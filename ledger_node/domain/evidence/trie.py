"""A look-up in a Merkle Patricia trie, from the root towards a key (Yellow Paper, appendix D).

Nothing is read that the root does not vouch for: a node is named by its hash in the one above it, or lies inside it.
What is not there is found too: the path to it ends where something else begins.
"""

from collections.abc import Callable
from typing import Final

from ledger_node.domain.evidence.rlp import Item, encode
from ledger_node.domain.hashing import HASH_BYTES, keccak

EMPTY_ROOT: Final = keccak(encode(b""))
"""The root of a trie that holds nothing."""
_BRANCH: Final = 17
_SHORT_NODE: Final = 2
_ODD, _LEAF, _FLAGS = 1, 2, 4


def find(node_of: Callable[[bytes], Item], root: bytes, key: bytes) -> bytes:
    """Return the value of ``key``, or nothing where the nodes prove that there is none.

    ``node_of`` returns the node that has a hash.

    Raises:
        ValueError: a node on the path is none.
    """
    if root == EMPTY_ROOT:
        return b""
    node, rest = _node(node_of, root), key.hex()
    while True:
        if len(node) == _BRANCH:
            if not rest:
                return _text(node[16])
            child, rest = node[int(rest[0], 16)], rest[1:]
        elif len(node) == _SHORT_NODE:
            is_leaf, path = _path(_text(node[0]))
            if is_leaf:
                return _text(node[1]) if path == rest else b""
            if not rest.startswith(path):
                return b""
            child, rest = node[1], rest[len(path) :]
        else:
            raise ValueError("a node has 17 parts or two")
        if child == b"":
            return b""
        node = _node(node_of, child)


def _node(node_of: Callable[[bytes], Item], reference: Item) -> list[Item]:
    """Return a node: one that has a hash, or one that is shorter than a hash and lies inside its parent."""
    if isinstance(reference, bytes):
        if len(reference) != HASH_BYTES:
            raise ValueError("a node is named by its hash")
        node = node_of(reference)
    elif len(encode(reference)) < HASH_BYTES:
        node = reference
    else:
        raise ValueError("a node inside another one is shorter than a hash")
    if isinstance(node, bytes):
        raise ValueError("a node is a list")  # noqa: TRY004 - every fault of a node is one
    return node


def _path(prefixed: bytes) -> tuple[bool, str]:
    """Return whether a node is a leaf, and the hexadecimal digits of its path (Yellow Paper, appendix C)."""
    digits = prefixed.hex()
    flag = int(digits[:1] or "f", 16)
    if flag >= _FLAGS or (not flag & _ODD and digits[1] != "0"):
        raise ValueError("a path begins with its kind")
    path = digits[1:] if flag & _ODD else digits[2:]
    if not path and not flag & _LEAF:
        raise ValueError("a path that leads on is not empty")
    return bool(flag & _LEAF), path


def _text(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise ValueError("a list stands where bytes belong")  # noqa: TRY004 - as above
    return item
