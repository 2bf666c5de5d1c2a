"""The part of the client that reads all contracts at one block: words of their storage, with proofs and sealed header.

Only the domain decides what the words say (``evidence/slot``), here and where a bundle is checked.
Names of members and lists have no such form: names are read by contract calls, lists are put together from events.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from ledger_node.chain.endpoint import Call
from ledger_node.chain.port import Block, StateProof
from ledger_node.chain.trust_read import read_trust
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.finality import SealedBlock, in_one_form
from ledger_node.domain.evidence.slot import Slot, StorageWords, facts_of, slots_of
from ledger_node.domain.evidence.trust import Contract, Trust
from ledger_node.domain.fact import FactQuery, LedgerFacts
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES

_SLOTS_AT_ONCE: Final = 500
"""How many slots one request asks for: nodes bound both the request and the answer, of some 2 kB a slot."""
_Slots: TypeAlias = Mapping[Contract, Sequence[int]]


class FactCalls(ContractCalls):
    """Facts, what proves them, and the trust file."""

    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        block = at or self.head()
        return facts_of(
            query,
            self._words(slots_of(query, {}), block),
            anchor_domain=self.anchor_domain,
            consent_domain=self.consent_domain,
            number=block.number,
            block_hash=block.hash,
            time=block.time,
        )

    def state_proof(self, slots: _Slots, at: Block) -> StateProof:
        # as the node gave it; whoever relies on it checks it against the state root of the header
        pinned = {"blockHash": to_hex(at.hash)}
        calls: list[Call] = [("eth_getBlockByNumber", [hex(at.number), False])]
        for contract, listed in slots.items():
            keys = [f"0x{slot:064x}" for slot in listed]
            calls.append(("eth_getProof", [to_hex(self._book.contracts[contract]), keys, pinned]))
        header, *answers = self._rpc.batch(calls)
        try:
            return _proof_of(slots, _sealed(header, at), answers)
        except (CredenceError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ChainError(
                Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no state proof of this block"
            ) from error

    def trust(self) -> Trust:
        return read_trust(self._book, self._rpc)

    def _words(self, slots: _Slots, block: Block) -> StorageWords:
        words: dict[Slot, int] = {}
        for portion in _portions(slots):
            words.update(self.state_proof(portion, block).words)
        return words


def _portions(slots: _Slots) -> Iterator[_Slots]:
    if 0 < sum(map(len, slots.values())) <= _SLOTS_AT_ONCE:
        yield slots
        return
    for contract, listed in slots.items():
        for start in range(0, len(listed), _SLOTS_AT_ONCE):
            yield {contract: listed[start : start + _SLOTS_AT_ONCE]}


def _sealed(answer: Any, block: Block) -> SealedBlock:
    # the embedded node shows its seal beside the header; Besu's are inside it
    seal = answer.get("seal")
    seal = None if seal is None else from_hex(seal, "seal", length=SIGNATURE_BYTES)
    sealed = SealedBlock(BlockHeader.from_rpc(answer), seal)
    if sealed.hash != block.hash:
        raise LookupError(block.number)
    return in_one_form(sealed)


def _proof_of(slots: _Slots, block: SealedBlock, answers: Sequence[Any]) -> StateProof:
    # most paths begin alike, so each node of the trie is read once
    read = cache(_node)
    words: dict[Slot, int] = {}
    accounts, storage = {}, {}
    for (contract, listed), answer in zip(slots.items(), answers, strict=True):
        accounts[contract] = tuple(map(read, answer["accountProof"]))
        for slot, shown in zip(listed, answer["storageProof"], strict=True):
            if int(shown["key"], 16) != slot:
                raise LookupError(slot)
            words[contract, slot] = int(shown["value"], 16)
            storage[contract, slot] = tuple(map(read, shown["proof"]))
    return StateProof(block, words, accounts, storage)


def _node(shown: str) -> bytes:
    return bytes.fromhex(shown.removeprefix("0x"))
