"""What every part of the client does with a contract: call it, read its logs, send to it."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact, data_of, decode_answer
from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import identity_calls, is_chain_of, wrong_chain
from ledger_node.chain.log_index import INDEXED, PAGE_BLOCKS, PAGES_AT_ONCE, LogIndex, LogStore, logs_of
from ledger_node.chain.port import Block, Mined
from ledger_node.chain.rpc import HEAD_CALL, Rpc, TransactionReceipt, block_of, count_of, receipt_call, receipt_of
from ledger_node.chain.sender import Sender
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

_AT_ONCE: Final = PAGES_AT_ONCE * PAGE_BLOCKS
_TIME_CALL: Final[Call] = ("eth_call", [{"data": "0x4260005260206000f3"}, "pending"])
"""The time of the block in the making: timestamp; mstore(0); return(0, 32)."""
GAS_ONE_WRITE: Final = 400_000
"""Enough for a call that writes some slots; a list in it takes more."""
Event: TypeAlias = tuple[str, dict[str, Any]]
"""The name of a contract's event, and its arguments by name."""


class ContractCalls:
    """The contracts of one network behind its JSON-RPC endpoints, and the chain that they are on."""

    def __init__(
        self,
        book: AddressBook,
        rpc: Rpc,
        *,
        relayer: Sender | None = None,
        registrar: Sender | None = None,
        logs: LogStore | None = None,
    ) -> None:
        """``logs``: keeps the events that are listed often; without one they are read anew by each process."""
        self._book = book
        self._index = LogIndex(book, rpc, logs)
        self._rpc = rpc
        self._relayer = relayer
        self._registrar = registrar
        # each holds the hash that all its digests begin with
        domains = {name: SigningDomain(book.chain_id, address) for name, address in book.contracts.items()}
        self.member_domain = domains["MemberRegistry"]
        self.subject_domain = domains["SubjectRegistry"]
        self.anchor_domain = domains["AnchorRegistry"]
        self.consent_domain = domains["ConsentRegistry"]

    def require_same_chain(self) -> None:
        if not is_chain_of(self._book, self._rpc.batch(identity_calls(self._book))):
            raise wrong_chain()

    def head(self) -> Block:
        return block_of(self._rpc.batch([HEAD_CALL])[0])

    def next_time(self) -> int:
        answer, head = self._rpc.batch([_TIME_CALL, HEAD_CALL])
        # a node without a pending block answers with the time of the newest one, or of its parent
        return max(count_of(answer), block_of(head).time)

    def require_block(self, block: Block) -> None:
        answer = self._rpc.request("eth_getBlockByNumber", hex(block.number), False)
        if answer is None or block_of(answer) != block:
            raise VerificationError(Reason.BLOCK_NOT_FINAL, "the chain has no such block")

    def is_on_way(self, name: bytes) -> bool:
        senders = (self._relayer, self._registrar)
        return any(sender is not None and sender.is_on_way(name) for sender in senders)

    def _call(self, contract: str, function: str, *args: object) -> Call:
        data = to_hex(artifact(contract).encode(function, *args))
        return "eth_call", [{"to": to_hex(self._book.contracts[contract]), "data": data}, "latest"]

    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]:
        (answer,) = self._rpc.batch([self._call(contract, function, *args)])
        return decode_answer(contract, function, answer)

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

    def _logs(
        self, contracts: Sequence[str], topics: Sequence[Any], first: int = 0, last: int | None = None
    ) -> list[Any]:
        """Return the logs of the blocks from ``first`` to ``last``, or to the newest one, in pages of 1,000 blocks.

        Blocks that are not there yet hold nothing. Nodes refuse to be asked for them (-32602), and whoever reads from
        behind the newest block it has read asks for just that on a quiet ledger.
        """
        # whoever answers the requests for logs has come as far as whoever answered this one
        head = count_of(self._rpc.request("eth_blockNumber"))
        newest = head if last is None else min(last, head)
        addresses = [to_hex(self._book.contracts[contract]) for contract in contracts]
        found: list[Any] = []
        for start in range(first, newest + 1, _AT_ONCE):
            found += logs_of(self._rpc, addresses, topics, start, min(start + _AT_ONCE - 1, newest))
        return found

    def _listed(self, contract: str, event: str, *topics: bytes) -> Sequence[Any]:
        """Return all logs of an event that the index keeps, in the order of the chain."""
        return self._index.find(from_hex(artifact(contract).topic(event), "topic"), *topics)

    def _block_at(self, time: int) -> int:
        """Return the number of the first block that is not before ``time``, or of the newest one.

        What happened at a time that a view tells is looked for from there, and not from block 0.
        """
        low, high = 0, self.head().number
        while low < high:
            middle = (low + high) // 2
            answer = self._rpc.request("eth_getBlockByNumber", hex(middle), False)
            low, high = (low, middle) if block_of(answer).time >= time else (middle + 1, high)
        return low

    def _first(self, contract: str, event: str, *topics: str) -> tuple[dict[str, Any], Mined] | None:
        """Return the arguments of the first event with these topics and its transaction, or None without any."""
        if event in INDEXED.get(contract, ()):
            logs = self._listed(contract, event, *(from_hex(topic, "topic") for topic in topics))
        else:
            logs = self._logs([contract], [artifact(contract).topic(event), *topics])
        if not logs:
            return None
        log = logs[0]
        asked = [receipt_call(log["transactionHash"]), ("eth_getBlockByHash", [log["blockHash"], False])]
        mined = receipt_of(*self._rpc.batch(asked)).mined
        found = artifact(contract).event([from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
        if found is None:
            raise ChainError(Reason.LEDGER_REFUSED, "the ledger returned a log of another contract")
        return found[1], mined

    def _emitted(self, receipt: TransactionReceipt, contract: str) -> list[Event]:
        """Return the events that a contract wrote in a transaction, in their order."""
        known = artifact(contract)
        logs = [log for log in receipt.logs if log[0] == self._book.contracts[contract]]
        return [event for _, topics, data in logs if (event := known.event(topics, data)) is not None]
