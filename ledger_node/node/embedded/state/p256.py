"""The precompile at 0x100 that checks signatures on P-256 (EIP-7951), beside those that Cancun has.

Rotations by passkeys use it: without it a contract computes the curve itself, for some 270,000 gas a signature.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth.abc import ComputationAPI
from eth_typing import Address

P256_VERIFY: Final = Address((0x100).to_bytes(20, "big"))
_GAS: Final = 6_900
_WORD_BYTES: Final = 32
_WORDS: Final = 5
_FIELD: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_YES: Final = (1).to_bytes(_WORD_BYTES, "big")


def verifies(data: bytes) -> bool:
    """Return whether digest || r || s || x || y, 32 bytes each, is a signature by that key; either s counts."""
    if len(data) != _WORDS * _WORD_BYTES:
        return False
    digest, *parts = (data[at : at + _WORD_BYTES] for at in range(0, len(data), _WORD_BYTES))
    r, s, x, y = (int.from_bytes(part, "big") for part in parts)
    if not (x < _FIELD and y < _FIELD):
        return False
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def p256_verify(computation: ComputationAPI) -> ComputationAPI:
    """Output a word of one for a signature that counts, and nothing for anything else; it never reverts."""
    computation.consume_gas(_GAS, reason="P256VERIFY")
    computation.output = _YES if verifies(bytes(computation.msg.data)) else b""
    return computation
