"""The part of the client that reads and writes the AnchorRegistry."""

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from ledger_node.chain.abi_call import data_of, hex_word
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import AnchorLedger, BatchOrder, Block, Mined, SignedChange, StreamHead
from ledger_node.chain.transaction_event import anchor_of
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.batch import Anchor
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.status import StatusChange

_GAS_A_WORD: Final = 40_000


class AnchorCalls(ContractCalls, AnchorLedger):
    """Batches and status changes."""

    @property
    @override
    def anchor_domain(self) -> SigningDomain:
        return self._domains["AnchorRegistry"]

    @override
    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        return StreamHead(*self._read("AnchorRegistry", "head", member, stream))

    @override
    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        topics = [
            artifact("AnchorRegistry").topic("BatchAnchored"),
            to_hex(member),
            hex_word(stream),
            hex_word(number),
        ]
        logs = self._logs("AnchorRegistry", topics)
        if not logs:
            return None
        log = logs[0]
        receipt = self._rpc.request("eth_getTransactionReceipt", log["transactionHash"])
        anchor = anchor_of([from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
        mined = Mined(
            from_hex(log["transactionHash"], "hash"),
            Block(int(log["blockNumber"], 16), from_hex(log["blockHash"], "hash"), anchor.anchored_at),
            int(receipt["gasUsed"], 16),
        )
        return anchor, mined

    @override
    def anchor(self, order: BatchOrder) -> tuple[Anchor, Mined]:
        batch = order.batch
        fields = (
            batch.member,
            batch.stream,
            batch.number,
            batch.root,
            batch.size,
            batch.previous_root,
            batch.superseded_digest,
        )
        args = (fields, order.signature, list(order.words), list(order.masks))
        gas = GAS_ONE_WRITE + _GAS_A_WORD * len(order.words)
        receipt = self._write("AnchorRegistry", "anchor", *args, gas=gas)
        topics, data = self._event(receipt, "AnchorRegistry", "BatchAnchored")
        return anchor_of(topics, data), receipt.mined

    @override
    def status_number(self, member: bytes) -> int:
        (number,) = self._read("AnchorRegistry", "statusNumber", member)
        return int(number)

    @override
    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        fields = (change.member, change.number, int(change.plane), change.changes_digest, int(change.reason))
        args = (fields, signature, list(words), list(masks))
        gas = GAS_ONE_WRITE + _GAS_A_WORD * len(words)
        return self._write("AnchorRegistry", "changeStatus", *args, gas=gas).mined

    @override
    def signed_change(self, transaction: bytes) -> SignedChange | None:
        return self._events.signed_change(transaction, self.anchor_domain)
