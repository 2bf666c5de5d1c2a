"""Reading events: logs of the registries, decoded, with the time of their blocks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact, data_of
from ledger_node.chain.port import SignedChange
from ledger_node.chain.rpc import Rpc, block_of, count_of
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, InvalidInputError, VerificationError
from ledger_node.domain.event import (
    ConsentEvent,
    ControlEvent,
    ControlStep,
    Inclusion,
    LedgerEvent,
    StatusEvent,
    Step,
)
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import recover
from ledger_node.domain.status import Plane, StatusChange, StatusReason

_STATUS: Final = "StatusChanged"
_CHANGE_STATUS: Final = "changeStatus"
_SELECTOR_BYTES: Final = 4
_BLOCKS_AT_ONCE: Final = 100
_NOBODY: Final = bytes(32)


class EventReader:
    """Reads events of one network."""

    def __init__(self, book: AddressBook, rpc: Rpc) -> None:
        self._rpc = rpc
        self._consents = to_hex(book.contracts["ConsentRegistry"])
        self._anchors = to_hex(book.contracts["AnchorRegistry"])
        self._steps = [artifact("ConsentRegistry").topic(step.value) for step in Step]
        self._used = artifact("ConsentRegistry").topic(Step.USED.value)
        self._status = artifact("AnchorRegistry").topic(_STATUS)
        self._subjects = to_hex(book.contracts["SubjectRegistry"])
        self._control = [artifact("SubjectRegistry").topic(step.value) for step in ControlStep]

    def of_consent(self, consent: bytes) -> Sequence[ConsentEvent]:
        """Return everything that happened to a consent, or to a request, in order."""
        logs = self._logs([self._consents], [self._steps, to_hex(consent)], 0)
        return [event for event in self._events(logs) if isinstance(event, ConsentEvent)]

    def between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        """Return everything that happened in the blocks from ``first`` to ``last``, in order."""
        topics = [[*self._steps, self._status, *self._control]]
        return self._events(self._logs([self._consents, self._anchors, self._subjects], topics, first, last))

    def recorded_uses(self, consents: Sequence[bytes]) -> Mapping[bytes, Sequence[bytes]]:
        """Return the ids of all uses that were recorded under each of ``consents``, in their order."""
        queries = [_query([self._consents], [self._used, to_hex(consent)], 0, "latest") for consent in consents]
        answers = self._rpc.batch([("eth_getLogs", [query]) for query in queries])
        return {
            consent: [from_hex(log["topics"][2], "use") for log in logs]
            for consent, logs in zip(consents, answers, strict=True)
        }

    def uses_since(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        """Return (consent id, use id) of all uses that were recorded in this block or later, in their order."""
        logs = self._logs([self._consents], [self._used], block)
        return [(from_hex(log["topics"][1], "consent"), from_hex(log["topics"][2], "use")) for log in logs]

    def subjects_since(self, block: int) -> Sequence[bytes]:
        """Return the ids of all subjects that were registered in this block or later, in their order."""
        topic = artifact("SubjectRegistry").topic("SubjectRegistered")
        return [from_hex(log["topics"][1], "subject") for log in self._logs([self._subjects], [topic], block)]

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        """Return the secret that a transaction shows the ConsentRegistry, or None if it does not call it so."""
        sent = self._rpc.request("eth_getTransactionByHash", to_hex(transaction))
        if sent is None or sent["to"] is None or sent["to"].lower() != self._consents:
            return None
        data = data_of(sent["input"])
        expected = artifact("ConsentRegistry").encode("withdraw", bytes(32), bytes(32))
        if data[:_SELECTOR_BYTES] != expected[:_SELECTOR_BYTES] or len(data) != len(expected):
            return None
        _, secret = abi_decode(["bytes32", "bytes32"], data[_SELECTOR_BYTES:])
        return bytes(secret)

    def _logs(self, addresses: list[str], topics: list[Any], first: int, last: int | None = None) -> list[Any]:
        """Return the logs of the blocks from ``first`` to ``last``, or to the newest one.

        Blocks that are not there yet hold nothing. Nodes refuse to be asked for them (-32602), and whoever reads from
        behind the newest block it has read asks for just that on a quiet ledger.
        """
        if first == 0 and last is None:
            return list(self._rpc.request("eth_getLogs", _query(addresses, topics, 0, "latest")))
        # whoever answers the second request has come as far as whoever answered this one
        head = count_of(self._rpc.request("eth_blockNumber"))
        end = head if last is None else min(last, head)
        if first > end:
            return []
        return list(self._rpc.request("eth_getLogs", _query(addresses, topics, first, hex(end))))

    def signed_change(self, transaction: bytes, domain: SigningDomain) -> SignedChange | None:
        """Return the status change that a transaction asks the AnchorRegistry for, or None if it asks for none itself.

        The event names no key, so it is recovered from the signature that the transaction shows.
        """
        sent = self._rpc.request("eth_getTransactionByHash", to_hex(transaction))
        if sent is None or sent["to"] is None or sent["to"].lower() != self._anchors:
            return None
        called = artifact("AnchorRegistry").call(data_of(sent["input"]))
        if called is None or called[0] != _CHANGE_STATUS:
            return None
        member, number, plane, digest, reason = called[1]["change"]
        try:
            change = StatusChange(member, number, Plane(plane), digest, StatusReason(reason))
            return SignedChange(change, recover(change.digest(domain), called[1]["signature"]))
        except (ValueError, VerificationError):
            return None  # a reason of a later version; what the registry refused has no event

    def _events(self, logs: list[Any]) -> list[LedgerEvent]:
        times = self._times(sorted({log["blockHash"] for log in logs}))
        try:
            return [self._event(log, times) for log in logs]
        except (DecodingError, InvalidInputError, KeyError, TypeError, ValueError) as error:
            raise ChainError(
                Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
            ) from error

    def _times(self, hashes: list[str]) -> dict[str, int]:
        blocks: list[Any] = []
        for at in range(0, len(hashes), _BLOCKS_AT_ONCE):
            some = hashes[at : at + _BLOCKS_AT_ONCE]
            blocks += self._rpc.batch([("eth_getBlockByHash", [one, False]) for one in some])
        return {block["hash"]: block_of(block).time for block in blocks if block is not None}

    def _event(self, log: Any, times: dict[str, int]) -> LedgerEvent:
        topics, data = [from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"])
        recorded = Inclusion(
            from_hex(log["transactionHash"], "hash"),
            int(log["blockNumber"], 16),
            from_hex(log["blockHash"], "hash"),
            times[log["blockHash"]],
        )
        if log["topics"][0] == self._status:
            _, values = artifact("AnchorRegistry").event(topics, data) or ("", {})
            return StatusEvent(
                values["member"], Plane(values["plane"]), values["word"], values["mask"], recorded, values["reason"]
            )
        if log["topics"][0] in self._control:
            name, values = artifact("SubjectRegistry").event(topics, data) or ("", {})
            return ControlEvent(
                ControlStep(name),
                topics[1],
                recorded,
                number=values.get("number", 0),
                commitment=values.get("commitment"),
                completable_at=values.get("completableAt"),
            )
        name, values = artifact("ConsentRegistry").event(topics, data) or ("", {})
        step = Step(name)
        return ConsentEvent(
            step=step,
            id=topics[1],
            recorded=recorded,
            number=values.get("change", values.get("uses", 0)),
            use=values.get("useId"),
            answer=values["id"] if step is Step.ANSWERED else None,
            by_secret=step is Step.WITHDRAWN and values["relayer"] == _NOBODY,
        )


def _query(addresses: list[str], topics: list[Any], first: int, last: str) -> dict[str, Any]:
    return {"address": addresses, "fromBlock": hex(first), "toBlock": last, "topics": topics}
