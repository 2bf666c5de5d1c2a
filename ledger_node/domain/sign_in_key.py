"""Sign-in keys: what a client's programs sign in to an instance with, authorised by whoever speaks for the client.

For a member that is a key of its on the MemberRegistry, for a subject one of its controllers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.eip712 import SigningDomain, uint_word
from ledger_node.domain.hashing import keccak

_TYPE = keccak(b"SignInKeys(bytes32 client,uint64 number,bytes32 keysDigest)")


@dataclass(frozen=True, slots=True)
class SignInKeys:
    """The whole set of a client's public keys (JWK); the set ``number`` ends all sets before it."""

    client: bytes
    number: int
    keys: tuple[Mapping[str, JSON], ...]

    @property
    def keys_digest(self) -> bytes:
        """H(RFC 8785 form of the array of keys)."""
        return keccak(encode(self.keys))

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what is signed (EIP-712): under the MemberRegistry's domain, for a subject the SubjectRegistry's."""
        return domain.digest(keccak(_TYPE + self.client + uint_word(self.number) + self.keys_digest))
