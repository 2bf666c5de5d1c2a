"""What a chain starts from."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from ledger_node.node.embedded.error import NodeError, NodeReason

_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
_MIN_GAS_LIMIT: Final = 5_000
_MAX_UINT63: Final = 2**63 - 1


def _address(text: object, name: str) -> str:
    if isinstance(text, str) and _ADDRESS.fullmatch(text):
        return text.lower()
    raise NodeError(NodeReason.GENESIS_INVALID, f"{name} must be a 0x-prefixed address of 20 bytes")


def address_list(addresses: object) -> tuple[str, ...]:
    """Return the addresses in lower case, each once, in their order.

    Raises:
        NodeError: ``genesis_invalid`` if one is not an address.
    """
    if not isinstance(addresses, list | tuple | set | frozenset):
        raise NodeError(NodeReason.GENESIS_INVALID, "allowlist must be a list of addresses")
    return tuple(dict.fromkeys(_address(item, "allowlist entry") for item in addresses))


@dataclass(frozen=True, slots=True)
class Genesis:
    """The parameters of a new chain; no account holds a balance.

    Attributes:
        chain_id: EIP-155 chain id, at least 1.
        timestamp: seconds since 1970-01-01 UTC of block 0.
        sealer: address whose key signs every header.
        allowlist: addresses that may send transactions.
        gas_limit: gas limit of every block; half of it is usable, which keeps the base fee at 0.
    """

    chain_id: int
    timestamp: int
    sealer: str
    allowlist: tuple[str, ...]
    gas_limit: int = 1_000_000_000

    def __post_init__(self) -> None:
        for name, low in (("chain_id", 1), ("timestamp", 0), ("gas_limit", _MIN_GAS_LIMIT)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MAX_UINT63:
                raise NodeError(NodeReason.GENESIS_INVALID, f"{name} must be a whole number from {low}")
        object.__setattr__(self, "sealer", _address(self.sealer, "sealer"))
        object.__setattr__(self, "allowlist", address_list(self.allowlist))

    def to_json(self) -> str:
        """Return the genesis as canonical JSON text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises:
            NodeError: ``genesis_invalid``.
        """
        try:
            members: dict[str, Any] = json.loads(text)
            return cls(**members)
        except (TypeError, ValueError) as error:
            raise NodeError(NodeReason.GENESIS_INVALID, "the genesis is not the JSON of a Genesis") from error
