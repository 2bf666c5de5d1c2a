"""Walks of Merkle-Patricia tries over one set of nodes (clause 16, State)."""

import itertools

from .crypto import EMPTY_ROOT, Rlp, keccak, rlp_decode, rlp_encode
from .errors import need

MALFORMED = "state_proof_malformed"
SHORTEST, LONGEST = 32, 1024


class Nodes:
    """The nodes of a bundle, by rising keccak, each once; it remembers which were needed."""

    def __init__(self, nodes: list[bytes]) -> None:
        need(all(SHORTEST <= len(node) <= LONGEST for node in nodes), MALFORMED)
        hashes = [keccak(node) for node in nodes]
        need(all(a < b for a, b in itertools.pairwise(hashes)), MALFORMED, "order")
        self.by_hash = dict(zip(hashes, nodes, strict=True))
        self.used: set[bytes] = set()

    def load(self, digest: bytes) -> Rlp:
        """The node of this hash."""
        need(digest in self.by_hash, "state_proof_missing")
        self.used.add(digest)
        return rlp_decode(self.by_hash[digest], MALFORMED)

    def all_used(self) -> bool:
        """No node is left over."""
        return len(self.used) == len(self.by_hash)


def _nibbles(key: bytes) -> list[int]:
    return [n for byte in key for n in (byte >> 4, byte & 15)]


def _compact(path: Rlp) -> tuple[bool, list[int]]:
    """Whether a short node is a leaf, and its nibbles (hex prefix encoding)."""
    need(isinstance(path, bytes) and path, MALFORMED)
    assert isinstance(path, bytes)
    nibbles = _nibbles(path)
    flag = nibbles[0]
    need(flag < 4 and (flag & 1 or nibbles[1] == 0), MALFORMED)
    return flag >= 2, nibbles[1 if flag & 1 else 2 :]


def lookup(nodes: Nodes, root: bytes, key: bytes) -> bytes | None:
    """The value under a key, or None where the walk proves that there is none."""
    if root == EMPTY_ROOT:
        return None
    node, rest = nodes.load(root), _nibbles(key)
    while True:
        need(isinstance(node, list) and len(node) in (2, 17), MALFORMED)
        assert isinstance(node, list)
        if len(node) == 17:
            if not rest:
                return _value(node[16]) if node[16] else None
            child, rest = node[rest[0]], rest[1:]
        else:
            leaf, path = _compact(node[0])
            if leaf:
                return _value(node[1]) if path == rest else None
            need(path and node[1], MALFORMED)
            if rest[: len(path)] != path:
                return None
            child, rest = node[1], rest[len(path) :]
        if child == b"":
            return None
        node = _child(nodes, child)


def _value(value: Rlp) -> bytes:
    need(isinstance(value, bytes) and value, MALFORMED)
    assert isinstance(value, bytes)
    return value


def _child(nodes: Nodes, child: Rlp) -> Rlp:
    """A node by its hash, or one of fewer than 32 bytes inside its parent."""
    if isinstance(child, list):
        need(len(rlp_encode(child)) < 32, MALFORMED)
        return child
    need(len(child) == 32, MALFORMED)
    return nodes.load(child)
