"""What every part of the client does with a contract: call it, read its logs, send to it."""

from typing import Any, Final

from typing_extensions import override

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact, call_of, decode_answer
from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import identity_calls, is_chain_of, wrong_chain
from ledger_node.chain.event_read import EventReader
from ledger_node.chain.fact_read import FactReader
from ledger_node.chain.port import Block, ChainLedger
from ledger_node.chain.receipt import TransactionReceipt
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of
from ledger_node.chain.sender import Sender
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

GAS_ONE_WRITE: Final = 400_000
"""Enough for a call that writes some slots; a list in it takes more."""


class ContractCalls(ChainLedger):
    """The contracts of one network behind its JSON-RPC endpoints, and the chain that they are on."""

    def __init__(
        self, book: AddressBook, rpc: Rpc, *, relayer: Sender | None = None, registrar: Sender | None = None
    ) -> None:
        self._book = book
        self._rpc = rpc
        self._relayer = relayer
        self._registrar = registrar
        self._events = EventReader(book, rpc)
        self._facts = FactReader(book, rpc)
        # each holds the hash that all its digests begin with
        self._domains = {name: SigningDomain(book.chain_id, address) for name, address in book.contracts.items()}

    @override
    def require_same_chain(self) -> None:
        if not is_chain_of(self._book, self._rpc.batch(identity_calls(self._book))):
            raise wrong_chain()

    @override
    def head(self) -> Block:
        return block_of(self._rpc.batch([HEAD_CALL])[0])

    @override
    def require_block(self, block: Block) -> None:
        answer = self._rpc.request("eth_getBlockByNumber", hex(block.number), False)
        if answer is None or block_of(answer) != block:
            raise VerificationError(Reason.BLOCK_NOT_FINAL, "the chain has no such block")

    @override
    def is_on_way(self, name: bytes) -> bool:
        senders = (self._relayer, self._registrar)
        return any(sender is not None and sender.is_on_way(name) for sender in senders)

    def _call(self, contract: str, function: str, *args: object) -> Call:
        return call_of(self._book, "latest", contract, function, *args)

    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]:
        method, params = self._call(contract, function, *args)
        return decode_answer(contract, function, self._rpc.request(method, *params))

    def _logs(self, contract: str, event: str, *topics: str) -> list[Any]:
        wanted = [artifact(contract).topic(event), *topics]
        query = {"address": to_hex(self._book.contracts[contract]), "fromBlock": "0x0", "toBlock": "latest"}
        return list(self._rpc.request("eth_getLogs", {**query, "topics": wanted}))

    def _write(
        self,
        contract: str,
        function: str,
        *args: object,
        gas: int = GAS_ONE_WRITE,
        sender: Sender | None = None,
        simulate: bool = True,
    ) -> TransactionReceipt:
        sender = sender or self._relayer
        if sender is None:
            raise ChainError(Reason.CONFIGURATION, "this client only reads; it has no relaying account")
        data = artifact(contract).encode(function, *args)
        return sender.send(self._book.contracts[contract], data, gas=gas, simulate=simulate)
