"""Checks that the C implementations of hashing and signatures are in use."""

from eth_hash.auto import keccak  # noqa: TID251 - this is the function py-evm hashes with, checked here
from eth_keys.backends import get_backend_class
from eth_keys.backends.coincurve import CoinCurveECCBackend

from ledger_node.node.embedded.error import NodeError, NodeReason


def check_fast_cryptography() -> None:
    """Refuse to run py-evm on pure Python cryptography: it would be many times slower.

    Raises:
        NodeError: ``slow_cryptography``.
    """
    keccak(b"")
    chosen = getattr(keccak.hasher, "__module__", "")
    if "pysha3" not in chosen:
        raise NodeError(
            NodeReason.SLOW_CRYPTOGRAPHY,
            f"py-evm hashes with {chosen}: set ETH_HASH_BACKEND=pysha3 before it is imported",
        )
    if get_backend_class() is not CoinCurveECCBackend:
        raise NodeError(NodeReason.SLOW_CRYPTOGRAPHY, "eth-keys does not use coincurve")
