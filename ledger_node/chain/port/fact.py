"""Facts at a block, what proves them, and what happened up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ledger_node.chain.port.chain import Block, ChainLedger
from ledger_node.domain.event import LedgerEvent
from ledger_node.domain.evidence.bundle import node_set
from ledger_node.domain.evidence.finality import SealedBlock
from ledger_node.domain.evidence.slot import Slot, StorageWords
from ledger_node.domain.evidence.trust import Contract, Trust
from ledger_node.domain.fact import FactQuery, LedgerFacts


@dataclass(frozen=True)
class StateProof:
    """What storage slots hold at one block: the words, the trie nodes that prove them, and the sealed header.

    ``accounts`` and ``storage``: RLP of the nodes from the state's root to a contract, and from its root to a slot.
    """

    block: SealedBlock
    words: StorageWords
    accounts: Mapping[Contract, Sequence[bytes]]
    storage: Mapping[Slot, Sequence[bytes]]

    def nodes_of(self, slots: Mapping[Contract, Sequence[int]]) -> tuple[bytes, ...]:
        """Return the nodes that prove ``slots``, of those that were read, as a bundle carries them."""
        paths = [self.accounts[contract] for contract in slots]
        paths += [self.storage[contract, slot] for contract, listed in slots.items() for slot in listed]
        needed = {node for path in paths for node in path}
        return tuple(node for node in self._nodes if node in needed)

    @cached_property
    def _nodes(self) -> tuple[bytes, ...]:
        # many answers are made of one proof, and putting its nodes into their order is most of each one's work
        return node_set(node for paths in (self.accounts, self.storage) for path in paths.values() for node in path)


class FactLedger(ChainLedger, Protocol):
    """What all contracts together hold at one block."""

    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        """Return facts at ``at`` (default: the newest block)."""

    def state_proof(self, slots: Mapping[Contract, Sequence[int]], at: Block) -> StateProof:
        """Return what proves the contents of storage slots at ``at``, as the node shows it."""

    def trust(self) -> Trust:
        """Return the trust file of this network as the node knows it now."""

    def events_between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        """Return everything that happened in the blocks from ``first`` to ``last``, in order."""
