"""What the chain says of keys at a later block: a small file to check older evidence against.

A key that is marked as compromised voids what it anchored from the time of the mark on, and nothing before. The
mark comes later than the evidence, so it cannot be in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from ledger_node.domain.canonical import JSON, decode, encode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import MAX_BYTES, nodes_from_json, nodes_to_json
from ledger_node.domain.evidence.finality import SealedBlock, require_final
from ledger_node.domain.evidence.slot import key_record, key_slot, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.fact import FactQuery, KeyRecord
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address

FORMAT: Final = "credence-keys/v2"
MAX_KEYS: Final = 1024


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """Which (member, key) are spoken of, the block, and the trie nodes that prove their records there."""

    chain_id: int
    genesis: bytes
    keys: frozenset[tuple[bytes, bytes]]
    block: SealedBlock
    nodes: tuple[bytes, ...]

    def records(self, trust: Trust) -> dict[tuple[bytes, bytes], KeyRecord]:
        """Return the records of the keys at the statement's block, after checking all of it.

        Raises:
            VerificationError: it is of another network, not final, or its state proofs do not check.
        """
        trust.require_network(self.chain_id, self.genesis)
        require_final(self.block, trust, self.genesis)
        proofs = StateProofs(self.nodes, self.block.header.state_root)
        storage_words = prove(proofs, trust.contracts, slots_of(FactQuery(keys=self.keys), {}))
        return {key: key_record(storage_words[key_slot(*key)]) for key in self.keys}

    def encode(self) -> bytes:
        """Return the one form of this statement."""
        return encode(self.to_json())

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "format": FORMAT,
            "network": {"chain_id": self.chain_id, "genesis": to_hex(self.genesis)},
            "keys": [{"member": to_hex(member), "key": to_hex(key)} for member, key in sorted(self.keys)],
            "block": self.block.to_json(),
            "nodes": nodes_to_json(self.nodes),
        }

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a statement from its one form.

        Raises:
            InvalidInputError: it is no statement, or (``not_canonical``) not written the one way.
            VerificationError: ``header_malformed``.
        """
        with JsonObject(decode(data, max_bytes=MAX_BYTES), "statement of keys") as record:
            if record.text("format") != FORMAT:
                raise InvalidInputError(Reason.VALUE_MALFORMED, f"this is no {FORMAT}", field="format")
            with record.record("network") as network:
                chain_id, genesis = network.integer("chain_id", low=1), network.blob("genesis")
            statement = cls(
                chain_id=chain_id,
                genesis=genesis,
                keys=frozenset(_key(item) for item in record.items("keys", max_items=MAX_KEYS)),
                block=SealedBlock.from_json(record.take("block")),
                nodes=nodes_from_json(record, "nodes"),
            )
        if statement.encode() != data:
            raise InvalidInputError(
                Reason.NOT_CANONICAL, "this statement is not written the one way; pass it on byte for byte"
            )
        return statement


def compromised_later(
    records: Mapping[tuple[bytes, bytes], KeyRecord], later: Mapping[tuple[bytes, bytes], KeyRecord]
) -> dict[tuple[bytes, bytes], KeyRecord]:
    """Return ``records`` with the marks of compromise of ``later``; a mark only ever moves to an earlier time."""
    return {
        key: replace(record, compromised_from=_earlier(record.compromised_from, later[key].compromised_from))
        if key in later
        else record
        for key, record in records.items()
    }


def _earlier(one: int, other: int) -> int:
    """Return the earlier of two marks, of which zero is none."""
    return min(filter(None, (one, other)), default=0)


def _key(item: JSON) -> tuple[bytes, bytes]:
    with JsonObject(item, "key") as record:
        member, key = record.blob("member"), parse_address(record.take("key"), "key")
    return member, key
