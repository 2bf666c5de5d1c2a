"""The secrets of members that this instance serves. They appear in no repr."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.vault.cipher import KeyEncryptionKey
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.signature import Signer, SigningKey


@dataclass(frozen=True, slots=True)
class Department:
    """A department that issues through this instance. ``signing_key``: for all that ``other_keys`` are not for."""

    member: bytes
    name: str
    signing_key: Signer
    kek: KeyEncryptionKey = field(repr=False)
    is_registrar: bool
    other_keys: Mapping[KeyPurpose, Signer] = field(default_factory=dict, repr=False)

    def signer(self, purpose: KeyPurpose) -> Signer:
        """Return what signs for one purpose."""
        return self.other_keys.get(purpose, self.signing_key)


@dataclass(frozen=True, slots=True)
class Operator:
    """The member whose log this is, and the key that signs its checkpoints."""

    member: bytes
    signing_key: SigningKey = field(repr=False)
    other_keys: Mapping[KeyPurpose, Signer] = field(default_factory=dict, repr=False)

    def signer(self, purpose: KeyPurpose) -> Signer:
        """Return what signs for one purpose."""
        return self.other_keys.get(purpose, self.signing_key)
