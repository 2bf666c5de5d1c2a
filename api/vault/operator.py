"""The member whose instance this is, as it signs for itself."""

from dataclasses import dataclass, field

from ledger_node.domain.signature import SigningKey


@dataclass(frozen=True, slots=True)
class Operator:
    """The member whose log this is, and the key that signs its checkpoints."""

    member: bytes
    signing_key: SigningKey = field(repr=False)
