"""The secrets of members that this instance serves. They appear in no repr."""

from dataclasses import dataclass, field

from api.vault.cipher import KeyEncryptionKey
from ledger_node.domain.signature import Signer, SigningKey


@dataclass(frozen=True, slots=True)
class Department:
    """A department that issues through this instance."""

    member: bytes
    name: str
    signing_key: Signer
    kek: KeyEncryptionKey = field(repr=False)
    is_registrar: bool


@dataclass(frozen=True, slots=True)
class Operator:
    """The member whose log this is, and the key that signs its checkpoints."""

    member: bytes
    signing_key: SigningKey = field(repr=False)
