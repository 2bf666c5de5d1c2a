"""The part of the client that reads and writes the ConsentRegistry."""

from collections.abc import Sequence
from typing import Final

from ledger_node.chain.artifact import decode_answer
from ledger_node.chain.port import Block, Mined, UseResult
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE
from ledger_node.chain.web3_ledger.fact_calls import FactCalls
from ledger_node.domain.consent import NO_REQUEST, RequestState, Terms
from ledger_node.domain.consent_act import Change
from ledger_node.domain.error import ChainError
from ledger_node.domain.evidence.slot import consent_record, consent_slots
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_GAS_A_USE: Final = 60_000
_RECORDED, _REFUSED = "UseRecorded", "UseRefused"


class ConsentCalls(FactCalls):
    """Requests, consents and uses. What a consent is at a block is a fact like others."""

    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        block = self.head()
        slots = [slot for consent in dict.fromkeys(ids) for _, slot in consent_slots(consent)]
        words = self._words({Contract.CONSENTS: slots}, block)
        return [consent_record(consent, words) for consent in ids], block

    def request_consent(self, request: bytes) -> Mined:
        return self._write("ConsentRegistry", "request", request).mined

    def refuse_consent(self, request: bytes) -> Mined:
        return self._write("ConsentRegistry", "refuse", request).mined

    def request_states(self, ids: Sequence[bytes]) -> Sequence[RequestState]:
        answers = self._rpc.batch([self._call("ConsentRegistry", "requestState", request) for request in ids])
        return [RequestState(decode_answer("ConsentRegistry", "requestState", answer)[0]) for answer in answers]

    def grant(self, consent: bytes, terms: Terms, *, request: bytes = NO_REQUEST) -> Mined:
        bounds = (terms.not_before, terms.expires_at, terms.max_uses, terms.withdrawal_hash)
        return self._write("ConsentRegistry", "grant", consent, *bounds, request).mined

    def change_consent(self, consent: bytes, change: Change, number: int) -> Mined:
        return self._write("ConsentRegistry", change.value, consent, number).mined

    def withdraw(self, consent: bytes, secret: bytes) -> Mined:
        return self._write("ConsentRegistry", "withdraw", consent, secret).mined

    def withdraw_by_request(self, consent: bytes) -> Mined:
        return self._write("ConsentRegistry", "withdrawByRelayer", consent).mined

    def record_uses(self, uses: Sequence[tuple[bytes, bytes]]) -> Sequence[UseResult]:
        consents, ids = [consent for consent, _ in uses], [use for _, use in uses]
        gas = GAS_ONE_WRITE + _GAS_A_USE * len(uses)
        # it refuses uses one by one and never as a whole, so there is nothing to try out
        receipt = self._write("ConsentRegistry", "recordUses", consents, ids, gas=gas, simulate=False)
        told = [event for event in self._emitted(receipt, "ConsentRegistry") if event[0] in {_RECORDED, _REFUSED}]
        # the registry writes one log a use, in the order of the call, and each use is judged by its own
        if [(values["consentId"], values["useId"]) for _, values in told] != list(uses):
            raise ChainError(Reason.LEDGER_REFUSED, "the ledger tells of other uses than those that were sent")
        return [
            UseResult(name == _RECORDED, values.get("uses", 0), values.get("reason"), receipt.mined)
            for name, values in told
        ]

    def recorded_use(self, consent: bytes, use: bytes) -> UseResult | None:
        # any relayer may record the same use again; it was recorded by the first of them
        found = self._first("ConsentRegistry", _RECORDED, to_hex(consent), to_hex(use))
        return None if found is None else UseResult(True, found[0]["uses"], None, found[1])
