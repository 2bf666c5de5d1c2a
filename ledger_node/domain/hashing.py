"""The one home of hashing: keccak256 on the C backend, and the key derivation of CL1.

Plain Python speed rests on the C implementation of ``safe-pysha3``; the pure or ctypes ones are seven
times slower, so their absence is an error at import and never a silent slowdown.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Final

try:
    from _pysha3 import keccak_256 as _keccak_256
except ImportError as missing:  # pragma: no cover - a broken installation
    raise ImportError(
        "the C keccak of safe-pysha3 is missing: install the locked packages with scripts/setup",
    ) from missing

HASH_BYTES: Final = 32


def keccak(data: bytes) -> bytes:
    """Return keccak256 of ``data``, 32 bytes (H of CL1)."""
    digest: bytes = _keccak_256(data).digest()
    return digest


def kdf(seed: bytes, label: bytes, *indices: int) -> bytes:
    """Derive 32 bytes from an attestation seed: HMAC-SHA256(seed, "CL1/" || label || u32 indices)."""
    return hmac.digest(seed, _message(label, indices), "sha256")


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
