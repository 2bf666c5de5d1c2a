"""The client of the Ledger port that speaks to Ethereum nodes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from ledger_node.chain.abi_call import block_of, call_of, data_of, decode_answer, hex_word, pinned
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.deployment import document_name
from ledger_node.chain.event_read import EventReads
from ledger_node.chain.fact_read import AnchorsKnown, FactReads, consent_of
from ledger_node.chain.identity import identity_calls, is_chain_of, wrong_chain
from ledger_node.chain.issuer_read import IssuerReads
from ledger_node.chain.port import (
    BatchOrder,
    Block,
    Ledger,
    Member,
    Mined,
    Role,
    SignedChange,
    Standing,
    StateProof,
    StreamHead,
    UseResult,
)
from ledger_node.chain.receipt import TransactionReceipt
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.state_proof_read import read_state_proof
from ledger_node.chain.subject_calls import SubjectCalls
from ledger_node.chain.transaction_event import anchor_of, use_results
from ledger_node.chain.trust_read import read_trust
from ledger_node.domain.batch import Anchor
from ledger_node.domain.consent import NO_REQUEST, Change, RequestState, Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.event import ConsentEvent, LedgerEvent
from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.fact import ConsentRecord, FactQuery, KeyRecord, LedgerFacts
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import StatusChange

_UNKNOWN: Final = 0
_ACTIVE: Final = 1
_GAS_ONE_WRITE: Final = 400_000
_GAS_A_WORD: Final = 40_000
_GAS_A_USE: Final = 60_000


class Web3Ledger(SubjectCalls, Ledger):
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
        self._anchors: AnchorsKnown = {}
        self._events = EventReads(book, rpc)
        self._issuers = IssuerReads(book, rpc)
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
        return block_of(self._rpc.request("eth_getBlockByNumber", "latest", False))

    @override
    def require_block(self, block: Block) -> None:
        answer = self._rpc.request("eth_getBlockByNumber", hex(block.number), False)
        if answer is None or block_of(answer) != block:
            raise VerificationError(Reason.BLOCK_NOT_FINAL, "the chain has no such block")

    @override
    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        reads = FactReads(self._book, self._rpc, at or self.head(), self._anchors)
        return reads.read(query, anchor_domain=self._anchor_domain, consent_domain=self._consent_domain)

    @override
    def state_proof(self, slots: Mapping[Contract, Sequence[int]], at: Block) -> StateProof:
        return read_state_proof(self._book, self._rpc, slots, at)

    @override
    def trust(self) -> Trust:
        return read_trust(self._book, self._rpc)

    @override
    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        block = self.head()
        at = pinned(block)
        answers = self._rpc.batch([call_of(self._book, at, "ConsentRegistry", "consent", key) for key in ids])
        return [consent_of(decode_answer("ConsentRegistry", "consent", answer)[0]) for answer in answers], block

    @override
    def members(self) -> Sequence[Member]:
        registry = artifact("MemberRegistry")
        logs = self._logs("MemberRegistry", [registry.topic("MemberAdded")])
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
                ("eth_getBlockByNumber", ["latest", False]),
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
    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        return StreamHead(*self._read("AnchorRegistry", "head", member, stream))

    @override
    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        topics = [
            artifact("AnchorRegistry").topic("BatchAnchored"),
            to_hex(member),
            hex_word(stream),
            hex_word(number),
        ]
        logs = self._logs("AnchorRegistry", topics)
        if not logs:
            return None
        log = logs[0]
        receipt = self._rpc.request("eth_getTransactionReceipt", log["transactionHash"])
        anchor = anchor_of([from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
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
        gas = _GAS_ONE_WRITE + _GAS_A_WORD * len(order.words)
        receipt = self._write("AnchorRegistry", "anchor", *args, gas=gas)
        topics, data = self._event(receipt, "AnchorRegistry", "BatchAnchored")
        return anchor_of(topics, data), receipt.mined

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
        gas = _GAS_ONE_WRITE + _GAS_A_WORD * len(words)
        return self._write("AnchorRegistry", "changeStatus", *args, gas=gas).mined

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
        calls = [call_of(self._book, "latest", "ConsentRegistry", "requestState", request) for request in ids]
        answers = self._rpc.batch(calls)
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
        gas = _GAS_ONE_WRITE + _GAS_A_USE * len(uses)
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
        registry = artifact("ConsentRegistry")
        logs = self._logs("ConsentRegistry", [registry.topic("UseRecorded"), to_hex(consent), to_hex(use)])
        if not logs:
            return None
        # any relayer may record the same use again; it was recorded by the first of them
        log = logs[0]
        receipt, head = self._rpc.batch(
            [("eth_getTransactionReceipt", [log["transactionHash"]]), ("eth_getBlockByHash", [log["blockHash"], False])]
        )
        event = registry.event([from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
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

    def _call(self, contract: str, function: str, *args: object) -> tuple[str, list[Any]]:
        return call_of(self._book, "latest", contract, function, *args)

    @override
    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]:
        method, params = self._call(contract, function, *args)
        return decode_answer(contract, function, self._rpc.request(method, *params))

    def _logs(self, contract: str, topics: list[str]) -> list[Any]:
        query = {"address": to_hex(self._book.contracts[contract]), "fromBlock": "0x0", "toBlock": "latest"}
        return list(self._rpc.request("eth_getLogs", {**query, "topics": topics}))

    @override
    def _write(
        self,
        contract: str,
        function: str,
        *args: object,
        gas: int = _GAS_ONE_WRITE,
        sender: Sender | None = None,
        simulate: bool = True,
    ) -> TransactionReceipt:
        sender = sender or self._relayer
        if sender is None:
            raise ChainError(Reason.CONFIGURATION, "this client only reads; it has no relaying account")
        data = artifact(contract).encode(function, *args)
        return sender.send(self._book.contracts[contract], data, gas=gas, simulate=simulate)

    def _event(self, receipt: TransactionReceipt, contract: str, name: str) -> tuple[list[bytes], bytes]:
        topic = from_hex(artifact(contract).topic(name), "topic")
        address = self._book.contracts[contract]
        for source, topics, data in receipt.logs:
            if source == address and topics and topics[0] == topic:
                return topics, data
        raise ChainError(Reason.LEDGER_REFUSED, f"the ledger shows no {name} in the transaction that was sent for it")


def _member(member: bytes, answer: Any) -> Member | None:
    roles, state, _, _, _, name, url = decode_answer("MemberRegistry", "member", answer)[0]
    return None if state == _UNKNOWN else Member(member, name, Role(roles), state == _ACTIVE, url)
