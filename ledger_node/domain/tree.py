"""Positional Merkle trees on plain bytes (CL1, commitment and batches).

A tree of depth d has 2^d slots; nodes are H(tag || left || right), never sorted, so a proof fixes the
position of its leaf. Fields use tag 0x01, batches 0x05, the access log 0x53; leaves carry tags of their own.
"""

from collections.abc import Sequence
from typing import Final

from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.reason import Reason

FIELD_NODE: Final = b"\x01"
BATCH_NODE: Final = b"\x05"
LOG_NODE: Final = b"\x53"
MAX_DEPTH: Final = 32


def depth_of(size: int) -> int:
    """Return ceil(log2 size): the depth of a tree with ``size`` leaves."""
    if size < 1:
        raise ValueError("a tree has at least one leaf")
    return (size - 1).bit_length()


def levels_of(slots: Sequence[bytes], tag: bytes) -> list[list[bytes]]:
    """Return all levels of the tree over exactly 2^d ``slots``, leaves first, root last."""
    if len(slots) != 1 << depth_of(len(slots)):
        raise ValueError("the number of slots must be a power of two")
    level = list(slots)
    levels = [level]
    while len(level) > 1:
        level = [keccak(tag + level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def path_of(levels: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the siblings of slot ``index``, from the leaf upwards."""
    return [level[(index >> height) ^ 1] for height, level in enumerate(levels[:-1])]


def root_from_path(leaf: bytes, index: int, path: Sequence[bytes], *, depth: int, tag: bytes) -> bytes:
    """Return the root that ``leaf`` at slot ``index`` and its siblings lead to.

    Raises:
        VerificationError: ``index_out_of_range``, ``path_length`` or ``sibling_length``.
    """
    if not 0 <= depth <= MAX_DEPTH or len(path) != depth:
        raise VerificationError(Reason.PATH_LENGTH, f"the path must have exactly {depth} siblings")
    if not 0 <= index < 1 << depth:
        raise VerificationError(Reason.INDEX_OUT_OF_RANGE, f"the index must lie below {1 << depth}")
    if any(len(sibling) != HASH_BYTES for sibling in path) or len(leaf) != HASH_BYTES:
        raise VerificationError(Reason.SIBLING_LENGTH, "every sibling must be 32 bytes")
    node = leaf
    for height, sibling in enumerate(path):
        node = keccak(tag + sibling + node) if index >> height & 1 else keccak(tag + node + sibling)
    return node
