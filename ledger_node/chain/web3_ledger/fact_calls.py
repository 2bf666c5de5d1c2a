"""The part of the client that reads all contracts at one block."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from ledger_node.chain.fact_read import read_state_proof
from ledger_node.chain.port import Block, FactLedger, StateProof
from ledger_node.chain.trust_read import read_trust
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.event import LedgerEvent
from ledger_node.domain.evidence.trust import Contract, Trust
from ledger_node.domain.fact import FactQuery, LedgerFacts


class FactCalls(ContractCalls, FactLedger):
    """Facts, state proofs, the trust file, and events in the order of the chain."""

    @override
    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        return self._facts.read(query, at or self.head())

    @override
    def state_proof(self, slots: Mapping[Contract, Sequence[int]], at: Block) -> StateProof:
        return read_state_proof(self._book, self._rpc, slots, at)

    @override
    def trust(self) -> Trust:
        return read_trust(self._book, self._rpc)

    @override
    def events_between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        return self._events.between(first, last)
