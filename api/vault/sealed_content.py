"""What the vault keeps of one attestation: seed, credit code and values, as sealed bytes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.value import Special, Value

_SPECIAL = {Special.ABSENT: {"special": "absent"}, Special.NONE_ON_RECORD: {"special": "none"}}
_CODE_BYTES = 18


@dataclass(frozen=True, slots=True)
class VaultRecord:
    """The secrets of one attestation."""

    seed: bytes = field(repr=False)
    credit_code: str = field(repr=False)
    values: Sequence[Value] = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the plaintext that is sealed: seed || credit code || JSON of the values."""
        values = [_SPECIAL[value] if isinstance(value, Special) else value for value in self.values]
        return self.seed + self.credit_code.encode("ascii") + json.dumps(values, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "VaultRecord":
        """Read what ``to_bytes`` wrote."""
        code_end = HASH_BYTES + _CODE_BYTES
        values = [
            next(special for special, form in _SPECIAL.items() if form == value) if isinstance(value, dict) else value
            for value in json.loads(data[code_end:])
        ]
        return cls(data[:HASH_BYTES], data[HASH_BYTES:code_end].decode("ascii"), values)
