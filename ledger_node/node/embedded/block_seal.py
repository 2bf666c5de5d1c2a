"""The sealer's signature over a block hash, and the C implementations that this and py-evm need."""

from functools import lru_cache
from typing import Final

import coincurve
from eth_hash.auto import keccak as evm_keccak  # noqa: TID251 - this is the function py-evm hashes with, checked here
from eth_keys.backends import get_backend_class
from eth_keys.backends.coincurve import CoinCurveECCBackend
from typing_extensions import override

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.error import NodeError, NodeReason

_KEY_BYTES: Final = 32
_SEALS_KEPT: Final = 64


def _address_of(public: coincurve.PublicKey) -> bytes:
    return keccak(public.format(compressed=False)[1:])[12:]


class Sealer:
    """Holds the key that signs headers; its text never shows the key."""

    __slots__ = ("_key", "address")

    def __init__(self, private_key: bytes) -> None:
        """Take a 32-byte secp256k1 private key.

        Raises:
            NodeError: ``sealer_invalid``; the message does not hold the key.
        """
        refusal = NodeError(NodeReason.SEALER_INVALID, "the sealer key is not a secp256k1 key of 32 bytes")
        if len(private_key) != _KEY_BYTES:
            raise refusal
        try:
            self._key = coincurve.PrivateKey(private_key)
        except ValueError:
            raise refusal from None
        self.address: bytes = _address_of(self._key.public_key)

    @override
    def __repr__(self) -> str:
        return f"Sealer(0x{self.address.hex()})"

    def seal(self, block_hash: bytes) -> bytes:
        """Return r || s || v (v is 0 or 1, s in the lower half) over the 32-byte block hash."""
        return bytes(self._key.sign_recoverable(block_hash, hasher=None))


@lru_cache(maxsize=_SEALS_KEPT)
def recover_sealer(block_hash: bytes, seal: bytes) -> bytes | None:
    """Return the address that sealed a block hash, or None if the seal is malformed."""
    try:
        return _address_of(coincurve.PublicKey.from_signature_and_message(seal, block_hash, hasher=None))
    except Exception:  # noqa: BLE001 - coincurve raises that itself for an unusable signature
        return None


def check_fast_cryptography() -> None:
    """Refuse to run py-evm on pure Python cryptography: it would be many times slower.

    Raises:
        NodeError: ``slow_cryptography``.
    """
    evm_keccak(b"")
    chosen = getattr(evm_keccak.hasher, "__module__", "")
    if "pysha3" not in chosen:
        raise NodeError(
            NodeReason.SLOW_CRYPTOGRAPHY,
            f"py-evm hashes with {chosen}: set ETH_HASH_BACKEND=pysha3 before it is imported",
        )
    if get_backend_class() is not CoinCurveECCBackend:
        raise NodeError(NodeReason.SLOW_CRYPTOGRAPHY, "eth-keys does not use coincurve")
