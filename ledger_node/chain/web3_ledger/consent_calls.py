"""The part of the client that reads and writes the ConsentRegistry."""

from collections.abc import Mapping, Sequence
from typing import Final

from typing_extensions import override

from ledger_node.chain.artifact import artifact, decode_answer
from ledger_node.chain.port import Block, ConsentLedger, Mined, UseResult
from ledger_node.chain.receipt import use_results
from ledger_node.chain.rpc import block_of
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.consent import NO_REQUEST, Change, RequestState, Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.event import ConsentEvent
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.json_object import from_hex, to_hex

_GAS_A_USE: Final = 60_000


class ConsentCalls(ContractCalls, ConsentLedger):
    """Requests, consents and uses."""

    @property
    @override
    def consent_domain(self) -> SigningDomain:
        return self._domains["ConsentRegistry"]

    @override
    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        block = self.head()
        return self._facts.consents(ids, block), block

    @override
    def request_consent(self, request: bytes) -> Mined:
        return self._write("ConsentRegistry", "request", request).mined

    @override
    def refuse_consent(self, request: bytes) -> Mined:
        return self._write("ConsentRegistry", "refuse", request).mined

    @override
    def request_states(self, ids: Sequence[bytes]) -> Sequence[RequestState]:
        answers = self._rpc.batch([self._call("ConsentRegistry", "requestState", request) for request in ids])
        return [RequestState(decode_answer("ConsentRegistry", "requestState", answer)[0]) for answer in answers]

    @override
    def grant(self, consent: bytes, terms: Terms, *, request: bytes = NO_REQUEST) -> Mined:
        bounds = (terms.not_before, terms.expires_at, terms.max_uses, terms.revocation_hash)
        return self._write("ConsentRegistry", "grant", consent, *bounds, request).mined

    @override
    def change_consent(self, consent: bytes, change: Change, number: int) -> Mined:
        return self._write("ConsentRegistry", change.value, consent, number).mined

    @override
    def withdraw(self, consent: bytes, secret: bytes) -> Mined:
        return self._write("ConsentRegistry", "withdraw", consent, secret).mined

    @override
    def withdraw_by_request(self, consent: bytes) -> Mined:
        return self._write("ConsentRegistry", "withdrawByRelayer", consent).mined

    @override
    def record_uses(self, uses: Sequence[tuple[bytes, bytes]]) -> Sequence[UseResult]:
        consents, ids = [consent for consent, _ in uses], [use for _, use in uses]
        gas = GAS_ONE_WRITE + _GAS_A_USE * len(uses)
        # it refuses uses one by one and never as a whole, so there is nothing to try out
        receipt = self._write("ConsentRegistry", "recordUses", consents, ids, gas=gas, simulate=False)
        return use_results(receipt, self._book.contracts["ConsentRegistry"], uses)

    @override
    def recorded_uses(self, consents: Sequence[bytes]) -> Mapping[bytes, Sequence[bytes]]:
        return self._events.recorded_uses(consents)

    @override
    def recorded_use(self, consent: bytes, use: bytes) -> UseResult | None:
        logs = self._logs("ConsentRegistry", "UseRecorded", to_hex(consent), to_hex(use))
        if not logs:
            return None
        # any relayer may record the same use again; it was recorded by the first of them
        log = logs[0]
        receipt, head = self._rpc.batch(
            [("eth_getTransactionReceipt", [log["transactionHash"]]), ("eth_getBlockByHash", [log["blockHash"], False])]
        )
        event = artifact("ConsentRegistry").event_of(log)
        assert event is not None  # noqa: S101 - it was asked for by its topic
        mined = Mined(from_hex(log["transactionHash"], "hash"), block_of(head), int(receipt["gasUsed"], 16))
        return UseResult(True, event[1]["uses"], None, mined)

    @override
    def uses_since(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        return self._events.uses_since(block)

    @override
    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        return self._events.of_consent(consent)

    @override
    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        return self._events.withdrawal_secret(transaction)
