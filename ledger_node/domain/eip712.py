"""EIP-712 digests, written out for the few structs we sign. Tests hold them to eth-account's encoder."""

from dataclasses import dataclass
from functools import cached_property

from ledger_node.domain.hashing import keccak

_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_NAME = keccak(b"Credence")
_VERSION = keccak(b"1")


@dataclass(frozen=True)
class SigningDomain:
    """Where a signature counts: one contract (20 bytes) on one chain."""

    chain_id: int
    contract: bytes

    @cached_property
    def separator(self) -> bytes:
        """The EIP-712 domain separator."""
        return keccak(_DOMAIN_TYPE + _NAME + _VERSION + uint_word(self.chain_id) + address_word(self.contract))

    def digest(self, struct_hash: bytes) -> bytes:
        """Return what is signed: keccak(0x1901 || separator || struct hash)."""
        return keccak(b"\x19\x01" + self.separator + struct_hash)


def uint_word(value: int) -> bytes:
    """Return an unsigned integer as one word."""
    return value.to_bytes(32, "big")


def address_word(address: bytes) -> bytes:
    """Return a 20-byte address as one word."""
    return address.rjust(32, b"\x00")


def text_word(text: str) -> bytes:
    """Return a string as EIP-712 hashes it."""
    return keccak(text.encode("utf-8"))


def list_word(words: list[bytes]) -> bytes:
    """Return an array of words as EIP-712 hashes it."""
    return keccak(b"".join(words))
