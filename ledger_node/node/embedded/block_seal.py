"""The sealer's signature over a block hash."""

from functools import lru_cache
from typing import Final

import coincurve
from typing_extensions import override

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.error import NodeError, NodeReason

SEAL_BYTES: Final = 65
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
        signature: bytes = self._key.sign_recoverable(block_hash, hasher=None)
        return signature


@lru_cache(maxsize=_SEALS_KEPT)
def recover_sealer(block_hash: bytes, seal: bytes) -> bytes | None:
    """Return the address that sealed a block hash, or None if the seal is malformed."""
    if len(seal) != SEAL_BYTES:
        return None
    try:
        return _address_of(coincurve.PublicKey.from_signature_and_message(seal, block_hash, hasher=None))
    except (ValueError, Exception):  # noqa: BLE001 - coincurve raises bare Exception for an unusable signature
        return None
