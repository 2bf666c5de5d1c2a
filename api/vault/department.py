"""The secrets of a member that this instance serves. They appear in no repr."""

from dataclasses import dataclass, field

from api.vault.cipher import KeyEncryptionKey
from ledger_node.domain.signature import Signer


@dataclass(frozen=True, slots=True)
class Department:
    """A department that issues through this instance."""

    member: bytes
    name: str
    signing_key: Signer
    kek: KeyEncryptionKey = field(repr=False)
    is_registrar: bool
