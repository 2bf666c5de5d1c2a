"""The part of the client that reads events: logs of the registries, decoded, with the time of their blocks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from eth_abi.exceptions import DecodingError

from ledger_node.chain.artifact import artifact, data_of
from ledger_node.chain.rpc import block_of
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.event import (
    RESTORE_AGREED,
    ConsentEvent,
    ControlEvent,
    ControlStep,
    Inclusion,
    LedgerEvent,
    RestoreEvent,
    StatusEvent,
    StatusStep,
    Step,
)
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Mark, Plane, changes_digest
from ledger_node.domain.ticket import CountedUse, SignedUse

_EVENTS: Final = {
    "ConsentRegistry": tuple(Step),
    "AnchorRegistry": (*StatusStep, RESTORE_AGREED),
    "SubjectRegistry": tuple(ControlStep),
}
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

    def counted_uses(self, consents: Sequence[bytes], *, since: int = 0) -> Mapping[bytes, Sequence[CountedUse]]:
        found: dict[bytes, list[CountedUse]] = {consent: [] for consent in consents}
        first = self._block_at(since) if since else 0
        for consent, use in self._uses(first, [to_hex(consent) for consent in consents]):
            found[consent].append(use)
        return found

    def status_changes(self, member: bytes) -> Sequence[StatusEvent]:
        logs = self._logs(["AnchorRegistry"], [artifact("AnchorRegistry").topic(StatusStep.CHANGED), to_hex(member)])
        return [event for event in self._events(logs) if isinstance(event, StatusEvent)]

    def uses_since(self, block: int) -> Sequence[tuple[bytes, CountedUse]]:
        return self._uses(block)

    def _uses(self, since: int, *topics: Sequence[str]) -> list[tuple[bytes, CountedUse]]:
        logs = self._logs(["ConsentRegistry"], [artifact("ConsentRegistry").topic(Step.USED), *topics], since)
        with _events_of_ours():
            return [_use(log) for log in logs]

    def subjects_since(self, block: int) -> Sequence[bytes]:
        logs = self._logs(["SubjectRegistry"], [artifact("SubjectRegistry").topic("SubjectRegistered")], block)
        return [from_hex(log["topics"][1], "subject") for log in logs]

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        name, arguments = self._call_of("ConsentRegistry", transaction)
        return arguments["secret"] if name == "withdraw" else None

    def signed_use(self, transaction: bytes, ticket: bytes) -> SignedUse | None:
        name, arguments = self._call_of("ConsentRegistry", transaction)
        uses = [arguments["use"]] if name == "recordUse" else arguments["uses"] if name == "recordUses" else []
        for consent, number, of, not_after, r, vs in uses:
            if of == ticket:
                return SignedUse.short_form(consent, number, of, not_after, r, vs)
        return None

    def _call_of(self, contract: str, transaction: bytes) -> tuple[str, dict[str, Any]]:
        """Return which function of a contract a transaction itself calls, and with what; "" if it calls none."""
        sent = self._rpc.request("eth_getTransactionByHash", to_hex(transaction))
        if sent is None or sent["to"] is None or sent["to"].lower() != to_hex(self._book.contracts[contract]):
            return "", {}
        return artifact(contract).call(data_of(sent["input"])) or ("", {})

    def _events(self, logs: list[Any]) -> list[LedgerEvent]:
        times = self._times(sorted({log["blockHash"] for log in logs}))
        with _events_of_ours():
            return [_event(log, times) for log in logs]

    def _times(self, hashes: list[str]) -> dict[str, int]:
        blocks: list[Any] = []
        for at in range(0, len(hashes), _BLOCKS_AT_ONCE):
            some = hashes[at : at + _BLOCKS_AT_ONCE]
            blocks += self._rpc.batch([("eth_getBlockByHash", [one, False]) for one in some])
        return {block["hash"]: block_of(block).time for block in blocks if block is not None}


@contextmanager
def _events_of_ours() -> Iterator[None]:
    try:
        yield
    except (DecodingError, InvalidInputError, KeyError, TypeError, ValueError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
        ) from error


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
    if name in _EVENTS["AnchorRegistry"]:
        return _status_event(name, values, recorded)
    if name in _EVENTS["SubjectRegistry"]:
        return _control_event(ControlStep(name), values, recorded)
    step = Step(name)
    return ConsentEvent(
        step=step,
        id=topics[1],
        recorded=recorded,
        number=values.get("change", values.get("number", 0)),
        use=values.get("ticket"),
        answer=values["id"] if step is Step.ANSWERED else None,
        by_secret=step is Step.WITHDRAWN and values["change"] == 0,
        word_digest=values.get("wordDigest"),
    )


def _use(log: Any) -> tuple[bytes, CountedUse]:
    topics = [from_hex(topic, "topic") for topic in log["topics"]]
    name, values = artifact("ConsentRegistry").event(topics, data_of(log["data"])) or ("", {})
    if name != Step.USED:
        raise ValueError(name)
    return values["consent"], CountedUse(values["number"], values["ticket"], values["usedAt"])


def _control_event(step: ControlStep, values: Mapping[str, Any], recorded: Inclusion) -> ControlEvent:
    member = values.get("sender", values.get("registrar", _NOBODY))
    return ControlEvent(
        step,
        values["subjectId"],
        recorded,
        number=values.get("number", 0),
        entry=values.get("entry"),
        commitment=values.get("commitment"),
        member=None if member == _NOBODY else member,
        completable_at=values.get("completableAt"),
        by_registrar=values.get("byRegistrar", False),
    )


def _status_event(name: str, values: dict[str, Any], recorded: Inclusion) -> StatusEvent | RestoreEvent:
    member = values["member"]
    if name == RESTORE_AGREED:
        return RestoreEvent(member, values["markDigest"], _address(values["key"]), values["clearDigest"], recorded)
    step, plane, words = StatusStep(name), Plane(values["plane"]), values["words"]
    if step is StatusStep.CHANGED:
        digest = changes_digest(words, values["masks"])
        what = (values["number"], values["reason"], digest, values["markedAt"], values["actor"])
        mark = Mark(member, plane, *what, _address(values["key"]))
        return StatusEvent.changed(mark, words, values["masks"], recorded)
    masks = values["cleared" if step is StatusStep.RESTORED else "masks"]
    return StatusEvent(step, member, plane, tuple(words), tuple(masks), recorded, values["markDigest"])


def _address(shown: str) -> bytes:
    return bytes.fromhex(shown.removeprefix("0x"))
