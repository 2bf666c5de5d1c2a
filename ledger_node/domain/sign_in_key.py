"""Sign-in keys: what a member's programs sign in to an instance with, authorised by its key on the MemberRegistry."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.eip712 import SigningDomain, uint_word
from ledger_node.domain.hashing import keccak

_TYPE = keccak(b"SignInKeys(bytes32 member,uint64 number,bytes32 keysDigest)")


@dataclass(frozen=True, slots=True)
class SignInKeys:
    """The whole set of a member's public keys (JWK); the set ``number`` ends all sets before it."""

    member: bytes
    number: int
    keys: tuple[Mapping[str, JSON], ...]

    @property
    def keys_digest(self) -> bytes:
        """H(RFC 8785 form of the array of keys)."""
        return keccak(encode(self.keys))

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what the member signs: the EIP-712 digest under the MemberRegistry's domain."""
        return domain.digest(keccak(_TYPE + self.member + uint_word(self.number) + self.keys_digest))
