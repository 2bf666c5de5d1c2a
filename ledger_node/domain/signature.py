"""secp256k1 signatures: 65 bytes r || s || v with low s, and the addresses that made them."""

import re
from functools import lru_cache
from typing import Final, Protocol

import coincurve

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason

SIGNATURE_BYTES: Final = 65
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_V_OFFSET: Final = 27
_REMEMBERED: Final = 4096
"""Signatures whose signer is kept: a consent's are checked with every answer that it allows."""
_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")


class SigningKey:
    """A secp256k1 key that is ready to sign; making it ready costs as much as a signature."""

    def __init__(self, secret: bytes) -> None:
        self._key = coincurve.PrivateKey(secret)
        self.address = _address(self._key.public_key)

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a 32-byte ``digest`` (low s, v 27 or 28)."""
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + _V_OFFSET])


def sign(digest: bytes, private_key: bytes) -> bytes:
    """Return the signature of a 32-byte ``digest`` (low s, v 27 or 28)."""
    return SigningKey(private_key).sign(digest)


def address_of(private_key: bytes) -> bytes:
    """Return the 20-byte address of a private key."""
    return SigningKey(private_key).address


def low(signature: bytes) -> bytes:
    """Return r || s with low s: of the two values of s that sign the same, the smaller one (EIP-2)."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + min(s, _ORDER - s).to_bytes(32, "big")


def in_low_form(seal: bytes) -> bytes:
    """Return r || s || v with low s and v 0 or 1: of the forms of one signature, the one that counts (EIP-2)."""
    s, v = int.from_bytes(seal[32:64], "big"), seal[64]
    if v in {_V_OFFSET, _V_OFFSET + 1}:
        v -= _V_OFFSET
    if _HALF_ORDER < s < _ORDER:
        s, v = _ORDER - s, v ^ 1
    return seal[:32] + s.to_bytes(32, "big") + bytes([v])


def address_of_point(point: bytes) -> bytes:
    """Return the 20-byte address of a public key, x || y of 32 bytes each."""
    return keccak(point)[-20:]


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the 20-byte address whose key signed ``digest``.

    Raises:
        VerificationError: ``signature_malformed`` for a wrong length, high s, v other than 27 and 28, or a
            signature that no key can have made.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise _malformed(f"a signature is {SIGNATURE_BYTES} bytes: r, s, v")
    v = signature[64] - _V_OFFSET
    if v not in {0, 1}:
        raise _malformed("the last byte of a signature is 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise _malformed("the signature has a high s; sign with low s (EIP-2)")
    signer = _recovered(digest, signature[:64] + bytes([v]))
    if signer is None:
        raise _malformed("no key can have made this signature")
    return signer


@lru_cache(_REMEMBERED)
def _recovered(digest: bytes, signature: bytes) -> bytes | None:
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises Exception itself
        return None
    return _address(key)


def parse_address(raw: object, name: str) -> bytes:
    """Return the 20 bytes of an address written as 0x and 40 hexadecimal digits, in any case."""
    # bytes.fromhex alone would skip spaces, and an address must have one length
    if not isinstance(raw, str) or not _ADDRESS.fullmatch(raw):
        raise InvalidInputError(
            Reason.VALUE_MALFORMED, f"'{name}' must be an address: 0x and 40 hexadecimal digits", field=name
        )
    return bytes.fromhex(raw[2:])


def _address(key: "coincurve.PublicKey") -> bytes:
    return address_of_point(key.format(compressed=False)[1:])


def _malformed(message: str) -> VerificationError:
    return VerificationError(Reason.SIGNATURE_MALFORMED, message)


class Signer(Protocol):
    """What signs for a member, wherever its secp256k1 key is."""

    @property
    def address(self) -> bytes:
        """The 20-byte address that the MemberRegistry knows the key by."""

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a 32-byte digest."""
