"""The part of the client that reads and writes the AnchorRegistry."""

from collections.abc import Sequence
from typing import Any, Final

from ledger_node.chain.port import BatchOrder, Mined, StreamHead
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.batch import Anchor
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import StatusChange

_GAS_A_WORD: Final = 40_000


class AnchorCalls(ContractCalls):
    """Batches and status changes."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        return StreamHead(*self._read("AnchorRegistry", "head", member, stream))

    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        found = self._first("AnchorRegistry", "BatchAnchored", to_hex(member), _topic(stream), _topic(number))
        return None if found is None else (_anchor_of(found[0]), found[1])

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
        for name, values in self._emitted(receipt, "AnchorRegistry"):
            if name == "BatchAnchored":
                return _anchor_of(values), receipt.mined
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger shows no batch in the transaction that was sent for it")

    def status_number(self, member: bytes) -> int:
        (number,) = self._read("AnchorRegistry", "statusNumber", member)
        return int(number)

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        fields = (change.member, change.number, int(change.plane), change.changes_digest, int(change.reason))
        args = (fields, signature, list(words), list(masks))
        gas = GAS_ONE_WRITE + _GAS_A_WORD * len(words)
        return self._write("AnchorRegistry", "changeStatus", *args, gas=gas).mined


def _topic(number: int) -> str:
    return f"0x{number:064x}"


def _anchor_of(values: dict[str, Any]) -> Anchor:
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
