"""The one home of hashing: keccak256 on the C backend, and the key derivation, chains and trees of CL1.

Trees are positional, on plain bytes. A tree of depth d has 2^d slots; nodes are H(tag || left || right), never sorted,
so a proof fixes the position of its leaf. Fields use tag 0x01, batches 0x05, the access log 0x53; leaves carry tags of
their own.

Plain Python speed rests on the C implementation of ``safe-pysha3``; the pure or ctypes ones are seven
times slower, so their absence is an error at import and never a silent slowdown.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason

try:
    from _pysha3 import keccak_256 as _keccak_256
except ImportError as missing:  # pragma: no cover - a broken installation
    raise ImportError(
        "the C keccak of safe-pysha3 is missing: install the locked packages with scripts/setup",
    ) from missing

HASH_BYTES: Final = 32
_SHA256: Final = SHA256()


def keccak(data: bytes) -> bytes:
    """Return keccak256 of ``data``, 32 bytes (H of CL1)."""
    digest: bytes = _keccak_256(data).digest()
    return digest


def kdf(seed: bytes, label: bytes, *indices: int) -> bytes:
    """Derive 32 bytes from an attestation seed: HMAC-SHA256(seed, "CL1/" || label || u32 indices)."""
    derived = _keyed(seed).copy()
    derived.update(_message(label, indices))
    return derived.finalize()


@lru_cache(maxsize=1)
def _keyed(seed: bytes) -> HMAC:
    # dozens of keys follow from one seed, one after the other; to set HMAC up for it costs more than to use it
    return HMAC(seed, _SHA256)


@lru_cache(maxsize=1 << 14)
def _message(label: bytes, indices: tuple[int, ...]) -> bytes:
    # the same few for every attestation: remembered, they cost a look-up instead of a tenth of a commitment
    return b"CL1/" + label + b"".join(index.to_bytes(4, "big") for index in indices)


def sha256_digest(data: bytes) -> bytes:
    """Return SHA-256 of ``data``, for credentials and blind indices; never used inside CL1."""
    return hashlib.sha256(data).digest()


def walk(context: bytes, start: bytes, steps: int) -> bytes:
    """Apply step(x) = H(0x22 || ctx || x) ``steps`` times to ``start`` (CL1, questions and proofs)."""
    prefix = b"\x22" + context
    hash_one = _keccak_256
    for _ in range(steps):
        start = hash_one(prefix + start).digest()
    return start


def walk_all(context: bytes, start: bytes, steps: int) -> list[bytes]:
    """Return the ``steps`` + 1 values from ``start`` to the tip, so that work never depends on the value."""
    prefix = b"\x22" + context
    hash_one = _keccak_256
    chain = [start]
    for _ in range(steps):
        start = hash_one(prefix + start).digest()
        chain.append(start)
    return chain


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA256, for keyed indices outside CL1."""
    return hmac.digest(key, message, "sha256")


FIELD_NODE: Final = b"\x01"
BATCH_NODE: Final = b"\x05"
LOG_NODE: Final = b"\x53"
MAX_DEPTH: Final = 32
MAX_SIZE: Final = 2**24 - 1
"""Of a batch."""
EMPTY_SLOT: Final = keccak(b"\x06")


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


def batch_leaf(header_digest: bytes) -> bytes:
    """Return H(0x04 || D)."""
    return keccak(b"\x04" + header_digest)


def batch_tree(header_digests: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of the tree over the digests, in their order, padded with empty slots."""
    slots = [batch_leaf(digest) for digest in header_digests]
    slots += [EMPTY_SLOT] * ((1 << depth_of(len(slots))) - len(slots))
    return levels_of(slots, BATCH_NODE)


def root_of_batch(header_digest: bytes, index: int, path: Sequence[bytes], size: int) -> bytes:
    """Return the batch root that a header at ``index`` of ``size`` leads to.

    Raises:
        VerificationError: ``index_out_of_range`` (index >= size), ``path_length`` or ``sibling_length``.
    """
    if not 1 <= size <= MAX_SIZE or not 0 <= index < size:
        raise VerificationError(Reason.INDEX_OUT_OF_RANGE, "the index must lie below the size of the batch")
    return root_from_path(batch_leaf(header_digest), index, path, depth=depth_of(size), tag=BATCH_NODE)
