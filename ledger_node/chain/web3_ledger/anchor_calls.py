"""The part of the client that reads and writes the AnchorRegistry."""

from collections.abc import Sequence
from typing import Any, Final

from typing_extensions import override

from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import AnchorLedger, BatchOrder, Block, Mined, SignedChange, StreamHead
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.batch import Anchor
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
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
        named = (to_hex(member), _topic(stream), _topic(number))
        logs = self._logs("AnchorRegistry", "BatchAnchored", *named)
        if not logs:
            return None
        log = logs[0]
        receipt = self._rpc.request("eth_getTransactionReceipt", log["transactionHash"])
        anchor = _anchor_of(artifact("AnchorRegistry").event_of(log))
        if anchor is None:
            raise ChainError(Reason.LEDGER_REFUSED, "the ledger returned a log of another contract")
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
        for address, topics, data in receipt.logs:
            if address == self._book.contracts["AnchorRegistry"]:
                anchor = _anchor_of(artifact("AnchorRegistry").event(topics, data))
                if anchor is not None:
                    return anchor, receipt.mined
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger shows no batch in the transaction that was sent for it")

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


def _topic(number: int) -> str:
    return f"0x{number:064x}"


def _anchor_of(event: tuple[str, dict[str, Any]] | None) -> Anchor | None:
    if event is None or event[0] != "BatchAnchored":
        return None
    values = event[1]
    return Anchor(
        member=values["member"],
        stream=values["stream"],
        number=values["number"],
        root=values["root"],
        size=values["size"],
        start=values["start"],
        anchored_at=values["anchoredAt"],
        key=bytes.fromhex(values["key"][2:]),
    )
