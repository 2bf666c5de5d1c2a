"""The part of the client that reads events: logs of the registries, decoded, with the time of their blocks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eth_abi.exceptions import DecodingError

from ledger_node.chain.artifact import artifact, data_of
from ledger_node.chain.port import SignedChange
from ledger_node.chain.rpc import block_of
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
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
_EVENTS: Final = {"ConsentRegistry": tuple(Step), "AnchorRegistry": (_STATUS,), "SubjectRegistry": tuple(ControlStep)}
"""What is told of each contract."""
_BLOCKS_AT_ONCE: Final = 100
_NOBODY: Final = bytes(32)


class EventCalls(ContractCalls):
    """What happened to consents, to the status of attestations, and to the controllers of subjects."""

    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        logs = self._logs(["ConsentRegistry"], [_topics("ConsentRegistry"), to_hex(consent)])
        return [event for event in self._events(logs) if isinstance(event, ConsentEvent)]

    def events_between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        topics = [topic for contract in _EVENTS for topic in _topics(contract)]
        return self._events(self._logs(list(_EVENTS), [topics], first, last))

    def recorded_uses(self, consents: Sequence[bytes]) -> Mapping[bytes, Sequence[bytes]]:
        used = artifact("ConsentRegistry").topic(Step.USED)
        found: dict[bytes, list[bytes]] = {consent: [] for consent in consents}
        for log in self._logs(["ConsentRegistry"], [used, [to_hex(consent) for consent in consents]]):
            found[from_hex(log["topics"][1], "consent")].append(from_hex(log["topics"][2], "use"))
        return found

    def uses_since(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        logs = self._logs(["ConsentRegistry"], [artifact("ConsentRegistry").topic(Step.USED)], block)
        return [(from_hex(log["topics"][1], "consent"), from_hex(log["topics"][2], "use")) for log in logs]

    def subjects_since(self, block: int) -> Sequence[bytes]:
        logs = self._logs(["SubjectRegistry"], [artifact("SubjectRegistry").topic("SubjectRegistered")], block)
        return [from_hex(log["topics"][1], "subject") for log in logs]

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        arguments = self._arguments("ConsentRegistry", "withdraw", transaction)
        return None if arguments is None else arguments["secret"]

    def signed_change(self, transaction: bytes) -> SignedChange | None:
        arguments = self._arguments("AnchorRegistry", "changeStatus", transaction)
        if arguments is None:
            return None
        member, number, plane, digest, reason = arguments["change"]
        try:
            change = StatusChange(member, number, Plane(plane), digest, StatusReason(reason))
            # the event names no key, so it is recovered from the signature that the transaction shows
            return SignedChange(change, recover(change.digest(self.anchor_domain), arguments["signature"]))
        except (ValueError, VerificationError):
            return None  # a reason of a later version; what the registry refused has no event

    def _arguments(self, contract: str, function: str, transaction: bytes) -> dict[str, Any] | None:
        """Return with what a transaction itself calls a function, or None if it does not call it."""
        sent = self._rpc.request("eth_getTransactionByHash", to_hex(transaction))
        if sent is None or sent["to"] is None or sent["to"].lower() != to_hex(self._book.contracts[contract]):
            return None
        name, arguments = artifact(contract).call(data_of(sent["input"])) or ("", None)
        return arguments if name == function else None

    def _events(self, logs: list[Any]) -> list[LedgerEvent]:
        times = self._times(sorted({log["blockHash"] for log in logs}))
        try:
            return [_event(log, times) for log in logs]
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


def _topics(contract: str) -> list[str]:
    return [artifact(contract).topic(event) for event in _EVENTS[contract]]


def _event(log: Any, times: dict[str, int]) -> LedgerEvent:
    topics, data = [from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"])
    recorded = Inclusion(
        from_hex(log["transactionHash"], "hash"),
        int(log["blockNumber"], 16),
        from_hex(log["blockHash"], "hash"),
        times[log["blockHash"]],
    )
    # an event's first topic is of one contract only
    known = (artifact(contract).event(topics, data) for contract in _EVENTS)
    name, values = next(filter(None, known), ("", {}))
    if name == _STATUS:
        return StatusEvent(
            values["member"], Plane(values["plane"]), values["word"], values["mask"], recorded, values["reason"]
        )
    if name in _EVENTS["SubjectRegistry"]:
        return ControlEvent(
            ControlStep(name),
            topics[1],
            recorded,
            number=values.get("number", 0),
            commitment=values.get("commitment"),
            completable_at=values.get("completableAt"),
        )
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
