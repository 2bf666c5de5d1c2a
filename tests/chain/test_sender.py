"""A relaying account on a real node: what is sent twice is mined once, and every failure has its reason."""

import threading
from dataclasses import replace

import pytest
from chain_kit import RELAYER, RELAYER_ID, STRANGER
from node_kit import CHAIN_ID

from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.query import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes

GAS = 400_000


class LossyRpc(Rpc):
    """Loses requests on their way or answers on their way back, as ``plan`` says one by one."""

    def __init__(self, url, plan):
        super().__init__(url)
        self.plan = list(plan)
        self.sent = []

    def _lose(self, methods, call):
        if "eth_sendRawTransaction" not in methods:
            return call()
        what = self.plan.pop(0) if self.plan else "pass"
        if what == "request":
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "lost")
        answer = call()
        if what == "answer":
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "lost")
        return answer

    def request(self, method, *params):
        self._note([(method, params)])
        return self._lose([method], lambda: super(LossyRpc, self).request(method, *params))

    def batch(self, calls):
        self._note(calls)
        return self._lose([method for method, _ in calls], lambda: super(LossyRpc, self).batch(calls))

    def _note(self, calls):
        self.sent += [params[0] for method, params in calls if method == "eth_sendRawTransaction"]


def nonce(rpc, key):
    return int(rpc.request("eth_getTransactionCount", to_hex(address_of(key)), "latest"), 16)


def registration(subject):
    return artifact("SubjectRegistry").encode("register", subject, b"\x01" * 32)


def register(sender, book, subject=None):
    return sender.send(book.contracts["SubjectRegistry"], registration(subject or random_bytes(32)), gas=GAS)


def reason_of(call):
    with pytest.raises(ChainError) as refused:
        call()
    return refused.value.reason.value


def test_a_receipt_says_block_time_gas_and_logs(rpc, book, relayer):
    subject = random_bytes(32)
    receipt = register(relayer, book, subject)
    head = rpc.request("eth_getBlockByNumber", "latest", False)
    assert receipt.mined.block.number == int(head["number"], 16)
    assert receipt.mined.block.time == int(head["timestamp"], 16)
    assert to_hex(receipt.mined.block.hash) == head["hash"]
    assert receipt.mined.gas_used > 21_000
    assert [topics[1] for _, topics, _ in receipt.logs] == [subject]


@pytest.mark.parametrize("plan", [["answer"], ["request"], ["answer", "answer"], ["request", "answer", "request"]])
def test_a_transaction_whose_answer_is_lost_is_sent_again_byte_for_byte_and_mined_once(node, rpc, book, plan):
    lossy = LossyRpc(node.url, plan)
    before = nonce(rpc, RELAYER)
    subject = random_bytes(32)
    receipt = register(Sender(lossy, CHAIN_ID, RELAYER), book, subject)
    assert len(lossy.sent) == len(plan) + 1
    assert len(set(lossy.sent)) == 1
    assert nonce(rpc, RELAYER) == before + 1
    assert receipt.mined.transaction
    ledger = Web3Ledger(book, rpc)
    assert ledger._read("SubjectRegistry", "count", subject) == (1,)


def test_after_a_lost_answer_for_good_the_next_transaction_finds_its_nonce(node, rpc, book):
    lossy = LossyRpc(node.url, ["answer"] * 5)
    sender = Sender(lossy, CHAIN_ID, RELAYER)
    before = nonce(rpc, RELAYER)
    subject = random_bytes(32)
    assert reason_of(lambda: register(sender, book, subject)) == "ledger_unavailable"
    # it was mined all the same; asking again finds that out from the contract
    assert reason_of(lambda: register(sender, book, subject)) == "subject_exists"
    register(sender, book)
    assert nonce(rpc, RELAYER) == before + 3


def test_a_refused_transaction_does_not_block_the_next(rpc, book, relayer):
    subject = random_bytes(32)
    register(relayer, book, subject)
    with pytest.raises(ContractRevertError) as refused:
        register(relayer, book, subject)
    assert (refused.value.error, refused.value.reason) == ("SubjectExists", "subject_exists")
    register(relayer, book)
    assert Web3Ledger(book, rpc).member_of(address_of(RELAYER)) == RELAYER_ID


def test_an_account_that_is_no_member_is_refused_by_the_contract(book, stranger):
    with pytest.raises(ContractRevertError):
        register(stranger, book)


def test_an_account_that_is_not_on_the_allowlist_is_refused_by_the_node(rpc, book):
    outsider = Sender(rpc, CHAIN_ID, b"\x77" * 32)
    assert reason_of(lambda: register(outsider, book)) == "ledger_refused"


def test_a_transaction_for_another_chain_is_refused(rpc, book):
    assert reason_of(lambda: register(Sender(rpc, CHAIN_ID + 1, STRANGER), book)) == "ledger_refused"


def test_many_threads_share_one_account_without_a_gap(rpc, book, relayer):
    before = nonce(rpc, RELAYER)
    done = []
    threads = [threading.Thread(target=lambda: done.append(register(relayer, book))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({receipt.mined.transaction for receipt in done}) == 12
    assert nonce(rpc, RELAYER) == before + 12


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:1/x"])
def test_a6_a_node_that_is_down_is_unavailable(book, url):
    down = Rpc(url)
    ledger = Web3Ledger(book, down, relayer=Sender(down, CHAIN_ID, RELAYER))
    for call in (
        ledger.head,
        ledger.members,
        ledger.require_same_chain,
        lambda: ledger.facts(FactQuery(consent=b"\x01" * 32)),
        lambda: ledger.withdraw(b"\x01" * 32, b"\x02" * 32),
        lambda: ledger.record_uses([(b"\x01" * 32, b"\x02" * 32)]),
    ):
        assert reason_of(call) == "ledger_unavailable"


def test_a6_the_node_of_the_book_is_accepted(rpc, book):
    Web3Ledger(book, rpc).require_same_chain()


@pytest.mark.parametrize("member", ["chain_id", "genesis", "contract"])
def test_a6_a_node_of_another_chain_is_told_apart(rpc, book, member):
    contracts = {**book.contracts, "AnchorRegistry": b"\x55" * 20}
    other = {
        "chain_id": replace(book, chain_id=book.chain_id + 1),
        "genesis": replace(book, genesis=b"\x01" * 32),
        "contract": replace(book, contracts=contracts),
    }[member]
    assert reason_of(Web3Ledger(other, rpc).require_same_chain) == "ledger_wrong_chain"


def test_a_client_without_an_account_only_reads(rpc, book):
    ledger = Web3Ledger(book, rpc)
    assert reason_of(lambda: ledger.withdraw(b"\x01" * 32, b"\x02" * 32)) == "configuration"
    assert [member.id for member in ledger.members()] == [RELAYER_ID]


def test_uses_of_an_unknown_consent_are_refused_one_by_one(rpc, book, relayer):
    ledger = Web3Ledger(book, rpc, relayer=relayer)
    results = ledger.record_uses([(b"\x01" * 32, random_bytes(32)) for _ in range(3)])
    assert [result.recorded for result in results] == [False] * 3
    assert len({result.mined.transaction for result in results}) == 1
