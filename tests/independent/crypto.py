"""Hashes, secp256k1 signatures, EIP-712 and RLP (clauses 1, 7 and 16)."""

import hashlib
import hmac
from typing import Union

import coincurve
import sha3

from .errors import RefusedError, need

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
Rlp = Union[bytes, list["Rlp"]]  # noqa: UP007


def keccak(*parts: bytes) -> bytes:
    """Ethereum's keccak256 of the parts joined."""
    return sha3.keccak_256(b"".join(parts)).digest()


def tagged(tag: int, *parts: bytes) -> bytes:
    """H(tag ‖ …), as every hash input begins with its tag (clause 1)."""
    return keccak(bytes([tag]), *parts)


def kdf(seed: bytes, label: str, *indices: int) -> bytes:
    """HMAC-SHA256(seed, "CL1/" ‖ label ‖ u32 indices) (clause 1)."""
    message = b"CL1/" + label.encode() + b"".join(i.to_bytes(4) for i in indices)
    return hmac.new(seed, message, hashlib.sha256).digest()


def word(value: int | bytes) -> bytes:
    """A value as one ABI word; shorter bytes (addresses) stand at the right."""
    return value.to_bytes(32) if isinstance(value, int) else value.rjust(32, b"\0")


def recover(digest: bytes, signature: bytes, first_v: int, reason: str) -> bytes:
    """The address that signed; r ‖ s ‖ v with low s and v one of first_v, first_v + 1 (clauses 7 and 16)."""
    need(len(signature) == 65, reason)
    r, s, v = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64] - first_v
    need(0 < r < ORDER and 0 < s <= ORDER // 2 and v in (0, 1), reason)
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature[:64] + bytes([v]), digest, hasher=None)
    except Exception as error:
        raise RefusedError(reason) from error
    return keccak(key.format(compressed=False)[1:])[12:]


def struct_hash(kind: str, *words: int | bytes) -> bytes:
    """EIP-712's hashStruct, of members that are encoded as words already."""
    return keccak(keccak(kind.encode()), *(word(w) for w in words))


def typed_digest(chain_id: int, contract: bytes, struct: bytes) -> bytes:
    """The EIP-712 digest under {name: "Credence", version: "1", chainId, verifyingContract} (clause 7)."""
    domain = struct_hash(DOMAIN, keccak(b"Credence"), keccak(b"1"), chain_id, contract)
    return keccak(b"\x19\x01", domain, struct)


def hashed_text(value: str) -> bytes:
    """A string as EIP-712 encodes it."""
    return keccak(value.encode())


def rlp_encode(value: Rlp) -> bytes:
    """RLP as the Yellow Paper has it."""
    if isinstance(value, list):
        return _with_length(b"".join(rlp_encode(item) for item in value), 0xC0)
    if len(value) == 1 and value[0] < 0x80:
        return value
    return _with_length(value, 0x80)


def _with_length(body: bytes, offset: int) -> bytes:
    if len(body) < 56:
        return bytes([offset + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([offset + 55 + len(size)]) + size + body


def rlp_decode(data: bytes, reason: str) -> Rlp:
    """The one value that these bytes are the RLP of, in its one form."""
    value, end = _item(data, 0, 0, reason)
    need(end == len(data), reason, "trailing bytes")
    return value


def _item(data: bytes, at: int, depth: int, reason: str) -> tuple[Rlp, int]:
    need(at < len(data) and depth <= 16, reason)
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    offset = 0xC0 if first >= 0xC0 else 0x80
    start, end = _span(data, at, offset, reason)
    if offset == 0x80:
        body = data[start:end]
        need(len(body) != 1 or body[0] >= 0x80, reason, "a byte written long")
        return body, end
    found: list[Rlp] = []
    while start < end:
        value, start = _item(data[:end], start, depth + 1, reason)
        found.append(value)
    return found, end


def _span(data: bytes, at: int, offset: int, reason: str) -> tuple[int, int]:
    size, start = data[at] - offset, at + 1
    if size > 55:
        width = size - 55
        raw = data[start : start + width]
        need(len(raw) == width and raw[0] != 0, reason)
        size, start = int.from_bytes(raw), start + width
        need(size > 55, reason, "a length written long")
    need(start + size <= len(data), reason)
    return start, start + size


def rlp_int(value: Rlp, bits: int, reason: str) -> int:
    """A number without leading zeros, of at most so many bits."""
    need(isinstance(value, bytes), reason)
    assert isinstance(value, bytes)
    need(len(value) * 8 <= bits and (not value or value[0] != 0), reason)
    return int.from_bytes(value)


def tree_root(leaf: bytes, index: int, path: list[bytes], tag: int) -> bytes:
    """From a leaf and its siblings, by position and never sorted, to the top (clauses 4 and 7)."""
    for sibling in path:
        leaf = tagged(tag, sibling, leaf) if index & 1 else tagged(tag, leaf, sibling)
        index >>= 1
    return leaf


def depth_of(size: int) -> int:
    """ceil(log2 size), 0 for one (clauses 4 and 7)."""
    return (size - 1).bit_length()
