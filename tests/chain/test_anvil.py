"""A node that keeps transactions waiting and loses them: what is dropped is sent again, and gaps close."""

import contextlib
import threading
import time

import pytest

from ledger_node.chain.outbox import MemoryOutbox, TransactionDraft
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from tests.kit.anvil import running_anvil
from tests.kit.node import CHAIN_ID, account, initcode

KEY = bytes(account(0).key)
GAS = 300_000


@pytest.fixture
def anvil():
    """An anvil that mines only when it is told to."""
    with running_anvil(CHAIN_ID, "--no-mining") as ask:
        (port,) = ask.args
        yield Rpc(f"http://127.0.0.1:{port}")


class Outbox(MemoryOutbox):
    """Says when there is something in it."""

    def __init__(self):
        super().__init__()
        self.kept = threading.Event()

    def add(self, *args, **kwargs):
        entries = super().add(*args, **kwargs)
        self.kept.set()
        return entries


class Sending:
    """Transactions that are sent and waited for in threads of their own."""

    def __init__(self, rpc, drafts):
        self.outbox = Outbox()
        self.sender = Sender(rpc, CHAIN_ID, KEY, store=self.outbox)
        self.receipts = {}
        account = self.sender.accounts[0]
        pending = [account.transactions.add(draft) for draft in drafts]

        def wait(place):
            self.receipts[place] = account.wait(pending[place], patience_s=120)

        self._threads = [threading.Thread(target=wait, args=(place,)) for place in range(len(pending))]
        for thread in self._threads:
            thread.start()
        assert self.outbox.kept.wait(60)
        self.entries = self.outbox.pending(self.sender.address)

    def join(self):
        for thread in self._threads:
            thread.join(120)
        return [self.receipts[place] for place in range(len(self._threads))]


def wait_pooled(rpc, entry):
    while rpc.request("eth_getTransactionByHash", to_hex(entry.digest)) is None:
        time.sleep(0.02)


def count(rpc):
    return int(rpc.request("eth_getTransactionCount", account(0).address, "latest"), 16)


def drafts(number):
    return [TransactionDraft(None, initcode() + bytes([place]), GAS) for place in range(number)]


def test_n2_a_transaction_that_the_node_drops_is_sent_again_and_mined_once(anvil):
    sending = Sending(anvil, drafts(1))
    (entry,) = sending.entries
    for _ in range(2):
        wait_pooled(anvil, entry)
        assert anvil.request("anvil_dropTransaction", to_hex(entry.digest)) is not None
    wait_pooled(anvil, entry)
    anvil.request("evm_mine")
    (receipt,) = sending.join()
    assert (receipt.mined.transaction, receipt.succeeded, count(anvil)) == (entry.digest, True, 1)


def test_n2_a_gap_that_a_dropped_transaction_leaves_is_closed(anvil):
    sending = Sending(anvil, drafts(4))
    for entry in sending.entries:
        wait_pooled(anvil, entry)
    for dropped in (1, 2):
        anvil.request("anvil_dropTransaction", to_hex(sending.entries[dropped].digest))
    anvil.request("evm_mine")
    assert count(anvil) == 1  # those behind the gap cannot be mined
    for entry in sending.entries:
        wait_pooled(anvil, entry)
    anvil.request("evm_mine")
    receipts = sending.join()
    assert [receipt.mined.transaction for receipt in receipts] == [entry.digest for entry in sending.entries]
    assert count(anvil) == 4


def test_a_transaction_whose_nonce_another_one_takes_in_the_pool_gets_the_next_one(anvil):
    sending = Sending(anvil, drafts(1))
    (entry,) = sending.entries
    wait_pooled(anvil, entry)
    anvil.request("anvil_dropTransaction", to_hex(entry.digest))
    other = account(0).sign_transaction(
        {"nonce": 0, "to": account(1).address, "gas": GAS, "gasPrice": 0, "value": 0, "chainId": CHAIN_ID}
    )
    with contextlib.suppress(ChainError):  # ours may be back in the pool already; then it is mined as it is
        anvil.request("eth_sendRawTransaction", to_hex(bytes(other.raw_transaction)))
    while 0 not in sending.receipts:
        anvil.request("evm_mine")
        time.sleep(0.02)
    (receipt,) = sending.join()
    assert receipt.succeeded
    took_other = anvil.request("eth_getTransactionReceipt", to_hex(bytes(other.hash))) is not None
    assert (receipt.mined.transaction != entry.digest) is took_other
    assert count(anvil) == 1 + took_other
