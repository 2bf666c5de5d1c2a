"""The secrets of a member that this instance serves. They appear in no repr."""

from dataclasses import dataclass, field
from typing import Protocol

from api.vault.cipher import KeyEncryptionKey


class Signer(Protocol):
    """What signs for a member, wherever its secp256k1 key is."""

    @property
    def address(self) -> bytes:
        """The 20-byte address that the MemberRegistry knows the key by."""

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a 32-byte digest."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department that issues through this instance."""

    member: bytes
    name: str
    signing_key: Signer
    kek: KeyEncryptionKey = field(repr=False)
    is_registrar: bool
