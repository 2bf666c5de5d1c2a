"""The client of the Ledger port that speaks to Ethereum nodes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact, call_of, decode_answer
from ledger_node.chain.deployment import document_name
from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import identity_calls, is_chain_of, wrong_chain
from ledger_node.chain.event_read import EventReader
from ledger_node.chain.fact_read import FactReader, IssuerReader, read_state_proof
from ledger_node.chain.port import (
    Block,
    Ledger,
    Member,
    Mined,
    Role,
    SignedChange,
    Standing,
    StateProof,
    UseResult,
)
from ledger_node.chain.receipt import TransactionReceipt, use_results
from ledger_node.chain.registry_calls import GAS_ONE_WRITE, AnchorCalls, SubjectCalls
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of
from ledger_node.chain.sender import Sender
from ledger_node.chain.trust_read import read_trust
from ledger_node.domain.consent import NO_REQUEST, Change, ConsentRecord, RequestState, Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.event import ConsentEvent, LedgerEvent
from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.fact import KeyRecord, LedgerFacts
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.query import FactQuery
from ledger_node.domain.reason import Reason

_UNKNOWN: Final = 0
_ACTIVE: Final = 1
_GAS_A_USE: Final = 60_000


class Web3Ledger(AnchorCalls, SubjectCalls, Ledger):
    """One network behind its JSON-RPC endpoints.

    ``relayer`` sends what anyone or a relayer may send, ``registrar`` what only a registrar may; both are
    missing where only reads are needed.
    """

    def __init__(
        self, book: AddressBook, rpc: Rpc, *, relayer: Sender | None = None, registrar: Sender | None = None
    ) -> None:
        self._book = book
        self._rpc = rpc
        self._relayer = relayer
        self._registrar = registrar
        self._facts = FactReader(book, rpc)
        self._events = EventReader(book, rpc)
        self._issuers = IssuerReader(book, rpc)
        self._anchor_domain = SigningDomain(book.chain_id, book.contracts["AnchorRegistry"])
        self._member_domain = SigningDomain(book.chain_id, book.contracts["MemberRegistry"])
        self._consent_domain = SigningDomain(book.chain_id, book.contracts["ConsentRegistry"])
        self._subject_domain = SigningDomain(book.chain_id, book.contracts["SubjectRegistry"])

    @property
    @override
    def anchor_domain(self) -> SigningDomain:
        return self._anchor_domain

    @property
    @override
    def consent_domain(self) -> SigningDomain:
        return self._consent_domain

    @property
    @override
    def member_domain(self) -> SigningDomain:
        return self._member_domain

    @property
    @override
    def subject_domain(self) -> SigningDomain:
        return self._subject_domain

    @override
    def require_same_chain(self) -> None:
        if not is_chain_of(self._book, self._rpc.batch(identity_calls(self._book))):
            raise wrong_chain()

    @override
    def head(self) -> Block:
        return block_of(self._rpc.batch([HEAD_CALL])[0])

    @override
    def require_block(self, block: Block) -> None:
        answer = self._rpc.request("eth_getBlockByNumber", hex(block.number), False)
        if answer is None or block_of(answer) != block:
            raise VerificationError(Reason.BLOCK_NOT_FINAL, "the chain has no such block")

    @override
    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        return self._facts.read(query, at or self.head())

    @override
    def state_proof(self, slots: Mapping[Contract, Sequence[int]], at: Block) -> StateProof:
        return read_state_proof(self._book, self._rpc, slots, at)

    @override
    def trust(self) -> Trust:
        return read_trust(self._book, self._rpc)

    @override
    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        block = self.head()
        return self._facts.consents(ids, block), block

    @override
    def members(self) -> Sequence[Member]:
        logs = self._logs("MemberRegistry", "MemberAdded")
        ids = [from_hex(log["topics"][1], "member") for log in logs]
        states = self._rpc.batch([self._call("MemberRegistry", "member", member) for member in ids])
        found = [_member(member, state) for member, state in zip(ids, states, strict=True)]
        return [member for member in found if member is not None]

    @override
    def member_of(self, key: bytes) -> bytes | None:
        (member,) = self._read("MemberRegistry", "memberOf", key)
        return member if any(member) else None

    @override
    def standing(self, member: bytes, key: bytes) -> Standing:
        head, state, record = self._rpc.batch(
            [
                HEAD_CALL,
                self._call("MemberRegistry", "member", member),
                self._call("MemberRegistry", "keyRecord", member, to_hex(key)),
            ]
        )
        validity = KeyRecord(*decode_answer("MemberRegistry", "keyRecord", record))
        return Standing(_member(member, state), validity, block_of(head).time)

    @override
    def document(self, name: str) -> bytes:
        (digest,) = self._read("SchemaRegistry", "documentOf", document_name(name))
        return bytes(digest)

    @override
    def issuers(self) -> Mapping[bytes, frozenset[bytes]]:
        return self._issuers.read()

    @override
    def signed_change(self, transaction: bytes) -> SignedChange | None:
        return self._events.signed_change(transaction, self._anchor_domain)

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
    def is_on_way(self, word: bytes) -> bool:
        senders = (self._relayer, self._registrar)
        return any(sender is not None and sender.is_on_way(word) for sender in senders)

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
    def subjects_since(self, block: int) -> Sequence[bytes]:
        return self._events.subjects_since(block)

    @override
    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        return self._events.of_consent(consent)

    @override
    def events_between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        return self._events.between(first, last)

    @override
    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        return self._events.withdrawal_secret(transaction)

    def _call(self, contract: str, function: str, *args: object) -> Call:
        return call_of(self._book, "latest", contract, function, *args)

    @override
    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]:
        method, params = self._call(contract, function, *args)
        return decode_answer(contract, function, self._rpc.request(method, *params))

    @override
    def _logs(self, contract: str, event: str, *topics: str) -> list[Any]:
        wanted = [artifact(contract).topic(event), *topics]
        query = {"address": to_hex(self._book.contracts[contract]), "fromBlock": "0x0", "toBlock": "latest"}
        return list(self._rpc.request("eth_getLogs", {**query, "topics": wanted}))

    @override
    def _write(
        self,
        contract: str,
        function: str,
        *args: object,
        gas: int = GAS_ONE_WRITE,
        sender: Sender | None = None,
        simulate: bool = True,
    ) -> TransactionReceipt:
        sender = sender or self._relayer
        if sender is None:
            raise ChainError(Reason.CONFIGURATION, "this client only reads; it has no relaying account")
        data = artifact(contract).encode(function, *args)
        return sender.send(self._book.contracts[contract], data, gas=gas, simulate=simulate)


def _member(member: bytes, answer: Any) -> Member | None:
    roles, state, _, _, _, name, url = decode_answer("MemberRegistry", "member", answer)[0]
    return None if state == _UNKNOWN else Member(member, name, Role(roles), state == _ACTIVE, url)
