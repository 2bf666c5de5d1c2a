"""The address book of a network: which chain, and where its contracts are."""

from dataclasses import dataclass
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.signature import parse_address

CONTRACTS = (
    "Council",
    "MemberRegistry",
    "SchemaRegistry",
    "SubjectRegistry",
    "AnchorRegistry",
    "ConsentRegistry",
    "DisputeVerifier",
)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Chain id, genesis hash and the contracts' addresses by name."""

    chain_id: int
    genesis: bytes
    contracts: dict[str, bytes]

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "chain_id": self.chain_id,
            "genesis": to_hex(self.genesis),
            "contracts": {name: to_hex(address) for name, address in self.contracts.items()},
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = JsonObject(value, "address book")
        contracts = record.record("contracts")
        book = cls(
            record.integer("chain_id", low=1),
            record.blob("genesis"),
            {name: parse_address(contracts.take(name), name) for name in CONTRACTS},
        )
        contracts.done()
        record.done()
        return book
