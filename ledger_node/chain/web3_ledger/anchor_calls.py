"""The part of the client that reads and writes the AnchorRegistry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger_node.chain.artifact import artifact, data_of, decode_answer
from ledger_node.chain.port import BatchOrder, Mined, StreamHead
from ledger_node.chain.rpc import receipt_call, receipt_of
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.batch import Anchor
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import MAX_WORDS, Mark, Plane, StatusChange

_CONTRACT: Final = "AnchorRegistry"
_ANCHORED: Final = "BatchAnchored"
_GAS_A_WORD: Final = 26_000
"""What a fresh word takes, with its part of the lists: a full one stays below 16.7 million with all the rest."""


class AnchorCalls(ContractCalls):
    """Batches and status changes."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        return StreamHead(*self._read(_CONTRACT, "head", member, stream))

    def find_anchor(self, member: bytes, stream: int, number: int, *, since: int = 0) -> tuple[Anchor, Mined] | None:
        # a view says whether there is one, so that logs are looked through only for one that there is
        (digest,) = self._read(_CONTRACT, "anchorDigest", member, stream, number)
        if not any(digest):
            return None
        topics = [artifact(_CONTRACT).topic(_ANCHORED), to_hex(member), _topic(stream), _topic(number)]
        logs = self._logs([_CONTRACT], topics, since)
        if not logs and since:
            logs = self._logs([_CONTRACT], topics, 0, since - 1)
        for log in logs:
            anchor = _anchor_of(_values(log))
            if anchor.digest == digest:
                asked = [receipt_call(log["transactionHash"]), ("eth_getBlockByHash", [log["blockHash"], False])]
                return anchor, receipt_of(*self._rpc.batch(asked)).mined
        raise ChainError(Reason.LEDGER_UNAVAILABLE, f"the ledger node does not show batch {number}, which it holds")

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
            batch.deadline,
        )
        args = (fields, order.signature, list(order.words), list(order.masks))
        receipt = self._write(_CONTRACT, "anchor", *args, gas=_gas(order.words))
        for name, values in self._emitted(receipt, _CONTRACT):
            if name == _ANCHORED:
                return _anchor_of(values), receipt.mined
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger shows no batch in the transaction that was sent for it")

    def status_number(self, member: bytes) -> int:
        (number,) = self._read(_CONTRACT, "statusNumber", member)
        return int(number)

    def status_words(self, member: bytes, words: Sequence[int]) -> Mapping[Plane, Mapping[int, int]]:
        parts = [list(words[start : start + MAX_WORDS]) for start in range(0, len(words), MAX_WORDS)]
        answers = self._rpc.batch([self._call(_CONTRACT, "statusWords", member, part) for part in parts])
        found: dict[Plane, dict[int, int]] = {plane: {} for plane in Plane}
        for part, answer in zip(parts, answers, strict=True):
            for plane, held in zip(Plane, decode_answer(_CONTRACT, "statusWords", answer), strict=True):
                found[plane].update(zip(part, held, strict=True))
        return found

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        fields = (
            change.member,
            change.number,
            int(change.plane),
            change.changes_digest,
            int(change.reason),
            change.deadline,
        )
        args = (fields, signature, list(words), list(masks))
        return self._write(_CONTRACT, "changeStatus", *args, gas=_gas(words)).mined

    def mark_digest(self, member: bytes, number: int, *, by_batch: bool) -> bytes:
        (digest,) = self._read(_CONTRACT, "markDigest", member, by_batch, number)
        return bytes(digest)

    def clear_digest(self, mark: bytes) -> bytes:
        (digest,) = self._read(_CONTRACT, "clearDigest", mark)
        return bytes(digest)

    def clear(self, mark: Mark, words: Sequence[int], masks: Sequence[int], cleared: Sequence[int]) -> Mined:
        args = (_fields(mark), list(words), list(masks), list(cleared))
        return self._write(_CONTRACT, "clear", *args, gas=_gas(words)).mined

    def confirm(self, mark: Mark, words: Sequence[int], masks: Sequence[int]) -> Mined:
        args = (_fields(mark), list(words), list(masks))
        return self._write(_CONTRACT, "confirm", *args, gas=_gas(words)).mined


def _gas(words: Sequence[int]) -> int:
    return GAS_ONE_WRITE + _GAS_A_WORD * len(words)


def _topic(number: int) -> str:
    return f"0x{number:064x}"


def _values(log: Any) -> dict[str, Any]:
    found = artifact(_CONTRACT).event([from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
    if found is None:
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger returned a log of another contract")
    return found[1]


def _fields(mark: Mark) -> tuple[object, ...]:
    place = (mark.member, int(mark.plane), mark.number, mark.reason)
    return (*place, mark.changes_digest, mark.marked_at, mark.actor, to_hex(mark.key))


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
