"""The part of the client that reads and writes the ConsentRegistry."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from ledger_node.chain.artifact import artifact, decode_answer
from ledger_node.chain.port import Block, Mined, UseRefusal, UseResult
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE
from ledger_node.chain.web3_ledger.event_calls import EventCalls
from ledger_node.chain.web3_ledger.fact_calls import FactCalls
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_act import ChangeKind
from ledger_node.domain.consent_order import AnswerOrder, ChangeOrder, GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import Inclusion, Step
from ledger_node.domain.evidence.slot import consent_record, consent_slots
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse, SignedUse

_GAS_A_USE: Final = 32_000
"""A use of a consent that is the first in its transaction takes some 27,000; 500 fit into what networks allow."""
_RECORDED, _REFUSED = "UseRecorded", "UseRefused"
_NO_ANSWER: Final = (bytes(32), "0x" + "00" * 20, b"")
_FUNCTIONS: Final = {
    ChangeKind.PAUSE: "pause",
    ChangeKind.RESUME: "resume",
    ChangeKind.WITHDRAW: "withdrawBySteward",
}
_Bounds: TypeAlias = tuple[int, int, int, int, str, str, bytes]


class ConsentCalls(EventCalls, FactCalls):
    """Requests, consents and uses. What a consent is at a block is a fact like others."""

    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        block = self.head()
        slots = [slot for consent in dict.fromkeys(ids) for _, slot in consent_slots(consent)]
        words = self._words({Contract.CONSENTS: slots}, block)
        return [consent_record(consent, words) for consent in ids], block

    def request_consent(self, request: bytes) -> Mined:
        return self._write("ConsentRegistry", "request", request).mined

    def refuse_consent(self, order: AnswerOrder) -> Mined:
        return self._write("ConsentRegistry", "refuse", *_answer(order)).mined

    def request_states(self, ids: Sequence[bytes]) -> Sequence[RequestState]:
        answers = self._rpc.batch([self._call("ConsentRegistry", "requestState", request) for request in ids])
        return [RequestState(decode_answer("ConsentRegistry", "requestState", answer)[0]) for answer in answers]

    def grant(self, order: GrantOrder) -> Mined:
        return self._write("ConsentRegistry", "grant", *_grant(order)).mined

    def change_consent(self, order: ChangeOrder) -> Mined:
        shown = (order.shown.terms_hash, _bounds(order.shown))
        signed = (order.number, order.word_digest, order.signature)
        return self._write("ConsentRegistry", _FUNCTIONS[order.kind], *shown, *signed).mined

    def withdraw(self, order: SecretOrder) -> Mined:
        shown = (order.shown.terms_hash, _bounds(order.shown))
        return self._write("ConsentRegistry", "withdraw", *shown, order.secret).mined

    def record_uses(self, uses: Sequence[SignedUse]) -> Sequence[UseResult]:
        calls = [(use.consent, use.number, use.ticket, use.not_after, *use.short) for use in uses]
        gas = GAS_ONE_WRITE + _GAS_A_USE * len(uses)
        # it refuses uses one by one and never as a whole, so there is nothing to try out; one alone is cheaper so
        function, arguments = ("recordUse", calls[0]) if len(calls) == 1 else ("recordUses", calls)
        receipt = self._write("ConsentRegistry", function, arguments, gas=gas, simulate=False)
        told = [event for event in self._emitted(receipt, "ConsentRegistry") if event[0] in {_RECORDED, _REFUSED}]
        # the registry writes one log a use, in the order of the call, and each use is judged by its own
        sent = [(use.consent, use.number, use.ticket) for use in uses]
        if [(values["consent"], values["number"], values["ticket"]) for _, values in told] != sent:
            raise ChainError(Reason.LEDGER_REFUSED, "the ledger tells of other uses than those that were sent")
        return [
            UseResult(None if name == _RECORDED else UseRefusal(values["reason"]), receipt.mined)
            for name, values in told
        ]

    def counted_use(self, consent: bytes, ticket: bytes) -> tuple[CountedUse, Inclusion] | None:
        for event in self.consent_events(consent):
            if event.step is Step.USED and event.use == ticket:
                return CountedUse(event.number, ticket, event.recorded.block_time), event.recorded
        return None

    def uses_frozen(self) -> bool:
        (frozen,) = self._read("ConsentRegistry", "usesFrozen")
        return bool(frozen)

    def follow_freeze(self) -> Mined:
        return self._write("ConsentRegistry", "followFreeze").mined


def grant_call(order: GrantOrder) -> bytes:
    """Return the call data that records a grant, for whoever sends it by a transaction of its own."""
    return artifact("ConsentRegistry").encode("grant", *_grant(order))


def _grant(order: GrantOrder) -> tuple[object, ...]:
    answering = _NO_ANSWER if order.answer is None else _answer(order.answer)
    return order.shown.terms_hash, _bounds(order.shown), order.signatures_digest, order.word, answering


def _bounds(shown: ShownConsentId) -> _Bounds:
    bounds = shown.bounds
    times = (bounds.not_before, bounds.expires_at, bounds.max_uses, bounds.grant_before)
    return *times, to_hex(bounds.spend_key), to_hex(bounds.steward_key), bounds.withdrawal_hash


def _answer(order: AnswerOrder) -> tuple[bytes, str, bytes]:
    return order.asked_hash, to_hex(order.answer_key), order.signature
