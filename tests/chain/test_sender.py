"""A relaying account on a real node: what is sent twice is mined once, and every failure has its reason."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.storage.database import open_store
from api.storage.outbox import StoredOutbox
from ledger_node.chain.artifact import artifact
from ledger_node.chain.outbox import MemoryOutbox, TransactionDraft
from ledger_node.chain.pending_transaction import TransactionSigner
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent import Bounds
from ledger_node.domain.consent_order import SecretOrder, ShownConsentId
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.ticket import SignedUse
from ledger_node.randomness import random_bytes
from tests.kit.chain import COMMITMENT, RELAYER, RELAYER_ID, STRANGER, count_of, registration
from tests.kit.node import CHAIN_ID
from tests.kit.proxy import Proxy

GAS = 400_000
USE = SignedUse(b"\x01" * 32, 1, b"\x02" * 32, 2**40 - 1, sign(b"\x03" * 32, b"\x04" * 32))
BOUNDS = Bounds(
    not_before=0,
    expires_at=1,
    max_uses=1,
    grant_before=1,
    spend_key=b"\x05" * 20,
    steward_key=b"\x06" * 20,
    withdrawal_hash=b"\x07" * 32,
)
SECRET = SecretOrder(ShownConsentId(b"\x01" * 32, b"\x08" * 32, BOUNDS), b"\x02" * 32)
DOWN = "http://127.0.0.1:9"


def nonce(rpc, key):
    return int(rpc.request("eth_getTransactionCount", to_hex(address_of(key)), "latest"), 16)


def register(sender, book, subject=None):
    return sender.send(book.contracts["SubjectRegistry"], registration(subject or random_bytes(32)), gas=GAS)


def call_of_anyone(sender, book):
    """Send a call that the contracts let everybody make."""
    data = artifact("ConsentRegistry").encode("followFreeze")
    return sender.send(book.contracts["ConsentRegistry"], data, gas=GAS)


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
    (subject_id,) = Web3Ledger(book, rpc)._read("SubjectRegistry", "subjectIdOf", RELAYER_ID, COMMITMENT, subject)
    assert [topics[1] for _, topics, _ in receipt.logs] == [subject_id]


@pytest.fixture
def proxy(node):
    with Proxy(node.url) as made:
        yield made


def planned(*faults):
    """Return a plan for requests that send, one fault after the other."""
    left = list(faults)
    return lambda calls: left.pop(0) if left and sends(calls) else None


def sends(calls):
    return any(method == "eth_sendRawTransaction" for method, _ in calls)


@pytest.mark.parametrize(
    "faults",
    [
        ["answer_lost"],
        ["lost"],
        ["answer_lost"] * 4,
        ["lost", "answer_lost", "lost"],
        ["html", "half_json", "cut_off", "status_503"],
        ["one_missing", "no_results", "errors"],
    ],
)
def test_a_transaction_whose_answer_is_lost_is_sent_again_byte_for_byte_and_mined_once(rpc, proxy, book, faults):
    proxy.fault = planned(*faults)
    before = nonce(rpc, RELAYER)
    subject = random_bytes(32)
    receipt = register(Sender(Rpc(proxy.url), CHAIN_ID, RELAYER), book, subject)
    assert len(set(proxy.raws)) == 1
    assert nonce(rpc, RELAYER) == before + 1
    assert receipt.succeeded
    assert count_of(Web3Ledger(book, rpc), subject) == 1


def test_what_is_in_doubt_when_patience_ends_is_mined_all_the_same_and_once(rpc, proxy, book):
    cut_off = True
    proxy.fault = lambda _: "answer_lost" if cut_off and proxy.raws else None
    sender = Sender(Rpc(proxy.url), CHAIN_ID, RELAYER)
    account = sender.accounts[0]
    before = nonce(rpc, RELAYER)
    subject = random_bytes(32)
    draft = TransactionDraft(book.contracts["SubjectRegistry"], registration(subject), GAS)
    transaction = account.transactions.add(draft)
    assert reason_of(lambda: account.wait(transaction, patience_s=0)) == "ledger_unavailable"
    cut_off = False
    # asking for the same again waits for the same transaction
    assert sender.send(draft.to, draft.data, gas=GAS) == transaction.outcome.result()
    assert nonce(rpc, RELAYER) == before + 1
    assert count_of(Web3Ledger(book, rpc), subject) == 1


def test_what_surely_reached_no_node_is_taken_back(rpc, book):
    sender = Sender(Rpc(DOWN), CHAIN_ID, RELAYER, store=(store := MemoryOutbox()))
    store.open(sender.address, nonce(rpc, RELAYER))
    sender.accounts[0]._is_open = True
    before = nonce(rpc, RELAYER)
    for _ in range(2):
        call = registration(random_bytes(32))
        unreached = lambda: sender.send(book.contracts["SubjectRegistry"], call, gas=GAS, simulate=False)  # noqa: B023, E731
        assert reason_of(unreached) == "ledger_unavailable"
        assert store.pending(sender.address) == []
    register(Sender(rpc, CHAIN_ID, RELAYER, store=store), book)
    assert nonce(rpc, RELAYER) == before + 1


def test_while_nobody_answers_nothing_more_is_kept_than_what_is_in_doubt(rpc, proxy, book):
    gone = False
    proxy.fault = lambda _: "answer_lost" if gone and proxy.raws else None
    sender = Sender(Rpc(proxy.url), CHAIN_ID, RELAYER, store=(store := MemoryOutbox()))
    register(sender, book)
    before = nonce(rpc, RELAYER)
    gone = True
    account = sender.accounts[0]
    doubtful = account.transactions.add(
        TransactionDraft(book.contracts["SubjectRegistry"], registration(random_bytes(32)), GAS)
    )
    assert reason_of(lambda: account.wait(doubtful, patience_s=0)) == "ledger_unavailable"
    for _ in range(3):
        call = registration(random_bytes(32))
        later = lambda: sender.send(book.contracts["SubjectRegistry"], call, gas=GAS, simulate=False)  # noqa: B023, E731
        assert reason_of(later) == "ledger_unavailable"
    assert doubtful.stored in store.pending(sender.address)
    gone = False
    register(sender, book)
    assert account.wait(doubtful).succeeded
    assert nonce(rpc, RELAYER) == before + 2


def test_n2_two_hundred_at_once_through_a_proxy_that_drops_a_tenth_all_land_once(rpc, proxy, book):
    chance = random.Random(20_261_126)
    proxy.fault = lambda _: chance.choice(["lost", "answer_lost"]) if chance.random() < 0.1 else None
    before = nonce(rpc, RELAYER)
    sender = Sender(Rpc(proxy.url), CHAIN_ID, RELAYER)
    subjects = [random_bytes(32) for _ in range(200)]
    with ThreadPoolExecutor(200) as threads:
        receipts = list(threads.map(lambda subject: persist(sender, book, subject), subjects))
    assert len({receipt.mined.transaction for receipt in receipts}) == 200
    assert nonce(rpc, RELAYER) == before + 200
    assert [count_of(Web3Ledger(book, rpc), subject) for subject in subjects] == [1] * 200
    assert len(set(proxy.raws)) == 200
    assert sender.accounts[0].transactions.stored == []


def persist(sender, book, subject):
    """Ask again as callers do: reading and trying out go through the same proxy."""
    while True:
        try:
            return register(sender, book, subject)
        except ChainError as error:
            if error.reason != "ledger_unavailable":
                raise


def test_n2_many_at_once_share_a_few_requests_and_one_durable_step_each(proxy, book):
    sender = Sender(Rpc(proxy.url), CHAIN_ID, RELAYER)
    account = sender.accounts[0]
    pending = [
        account.transactions.add(
            TransactionDraft(book.contracts["SubjectRegistry"], registration(random_bytes(32)), GAS)
        )
    ]
    pending += [
        account.transactions.add(replace(pending[0].draft, data=registration(random_bytes(32)))) for _ in range(49)
    ]
    account.wait(pending[-1])
    assert all(transaction.outcome.result().succeeded for transaction in pending)
    assert len([batch for batch in proxy.batches if sends(batch)]) == 1


def test_n3_a_transaction_that_would_revert_takes_no_nonce(rpc, book, relayer):
    subject = random_bytes(32)
    register(relayer, book, subject)
    before = nonce(rpc, RELAYER)
    assert reason_of(lambda: register(relayer, book, subject)) == "subject_exists"
    assert nonce(rpc, RELAYER) == before
    register(relayer, book)
    assert nonce(rpc, RELAYER) == before + 1


def test_n3_one_that_reverts_all_the_same_does_not_block_those_behind(rpc, book, relayer):
    subject = random_bytes(32)
    register(relayer, book, subject)
    before = nonce(rpc, RELAYER)
    account = relayer.accounts[0]
    data = [registration(subject), registration(random_bytes(32)), registration(subject) + b"\x00", b"\x12\x34"]
    reverting = [0, 2, 3]
    pending = [account.transactions.add(TransactionDraft(book.contracts["SubjectRegistry"], one, GAS)) for one in data]
    account.wait(pending[-1])
    assert [transaction.outcome.result().succeeded for transaction in pending] == [
        place not in reverting for place in range(4)
    ]
    assert nonce(rpc, RELAYER) == before + 4


def test_n3_one_that_was_not_tried_out_and_reverts_says_why(rpc, book, relayer):
    subject = random_bytes(32)
    register(relayer, book, subject)
    before = nonce(rpc, RELAYER)
    blindly = lambda: relayer.send(  # noqa: E731
        book.contracts["SubjectRegistry"], registration(subject), gas=GAS, simulate=False
    )
    assert reason_of(blindly) == "subject_exists"
    assert nonce(rpc, RELAYER) == before + 1


def test_n3_one_that_the_node_refuses_does_not_block_those_behind(rpc, book, relayer):
    before = nonce(rpc, RELAYER)
    account = relayer.accounts[0]
    to = book.contracts["SubjectRegistry"]
    first, refused, last = (
        account.transactions.add(TransactionDraft(to, registration(random_bytes(32)), gas)) for gas in (GAS, 2**40, GAS)
    )
    assert account.wait(first).succeeded
    assert reason_of(lambda: account.wait(refused)) == "ledger_refused"
    assert account.wait(last).succeeded
    # an empty transaction took the place of the refused one
    assert nonce(rpc, RELAYER) == before + 3


def test_n3_the_nonce_of_a_refused_transaction_is_free_again(rpc, book, relayer):
    before = nonce(rpc, RELAYER)
    account, to = relayer.accounts[0], book.contracts["SubjectRegistry"]
    huge = account.transactions.add(TransactionDraft(to, registration(random_bytes(32)), 2**40))
    assert reason_of(lambda: account.wait(huge)) == "ledger_refused"
    register(relayer, book)
    assert nonce(rpc, RELAYER) == before + 1


def test_n3_while_one_account_is_stuck_another_one_sends(rpc, book):
    accounts = (STRANGER, RELAYER)
    sender = Sender(rpc, CHAIN_ID, *accounts)
    stuck = sender.accounts[0]
    stuck.transactions.add(TransactionDraft(b"\x01" * 20, b"", GAS))
    before = [nonce(rpc, key) for key in accounts]
    register(sender, book)
    assert [nonce(rpc, key) for key in accounts] == [before[0], before[1] + 1]


@pytest.mark.parametrize("elsewhere", [1, 3])
def test_a_transaction_whose_nonce_another_program_took_gets_the_next_one(rpc, book, relayer, elsewhere):
    register(relayer, book)
    before = nonce(rpc, RELAYER)
    other = Sender(rpc, CHAIN_ID, RELAYER)
    for _ in range(elsewhere):
        register(other, book)
    subject = random_bytes(32)
    register(relayer, book, subject)
    register(relayer, book)
    assert nonce(rpc, RELAYER) == before + elsewhere + 2
    assert count_of(Web3Ledger(book, rpc), subject) == 1


def test_what_is_asked_for_twice_at_once_is_one_transaction(rpc, book, relayer):
    before = nonce(rpc, RELAYER)
    subject = random_bytes(32)
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: outcome_of(relayer, book, subject), range(8)))
    assert set(outcomes) <= {"mined", "subject_exists"}
    assert "mined" in outcomes
    assert count_of(Web3Ledger(book, rpc), subject) == 1
    assert nonce(rpc, RELAYER) == before + 1


def outcome_of(sender, book, subject):
    try:
        register(sender, book, subject)
    except ContractRevertError as error:
        return error.reason.value
    return "mined"


@pytest.mark.parametrize("sent", [True, False])
def test_n1_what_an_earlier_run_kept_is_finished_once(rpc, book, tmp_path, sent):
    store = open_store(tmp_path / "store.sqlite3")
    outbox = StoredOutbox(store)
    before = nonce(rpc, RELAYER)
    outbox.open(address_of(RELAYER), before)
    subjects = [random_bytes(32) for _ in range(3)]
    signer = TransactionSigner(CHAIN_ID, RELAYER)
    drafts = [TransactionDraft(book.contracts["SubjectRegistry"], registration(subject), GAS) for subject in subjects]
    entries = outbox.add(signer.address, lambda first: [signer.sign(one, first + n) for n, one in enumerate(drafts)])
    if sent:
        rpc.request("eth_sendRawTransaction", to_hex(entries[0].raw))
    sender = Sender(rpc, CHAIN_ID, RELAYER, store=outbox)
    sender.finish()
    assert [count_of(Web3Ledger(book, rpc), subject) for subject in subjects] == [1] * 3
    assert nonce(rpc, RELAYER) == before + 3
    sender.push()
    assert outbox.pending(signer.address) == []
    assert [health.on_way for health in sender.health()] == [0]
    store.dispose()


def test_n1_whoever_asks_for_what_an_earlier_run_kept_waits_for_that(rpc, book):
    outbox, signer = MemoryOutbox(), TransactionSigner(CHAIN_ID, RELAYER)
    before = nonce(rpc, RELAYER)
    outbox.open(signer.address, before)
    draft = TransactionDraft(book.contracts["SubjectRegistry"], registration(random_bytes(32)), GAS)
    (entry,) = outbox.add(signer.address, lambda first: [signer.sign(draft, first)])
    receipt = Sender(rpc, CHAIN_ID, RELAYER, store=outbox).send(draft.to, draft.data, gas=GAS)
    assert receipt.mined.transaction == entry.digest
    assert nonce(rpc, RELAYER) == before + 1


def test_n1_what_an_earlier_run_kept_is_on_its_way_until_it_is_mined(rpc, book):
    outbox, signer = MemoryOutbox(), TransactionSigner(CHAIN_ID, RELAYER)
    outbox.open(signer.address, nonce(rpc, RELAYER))
    subject = random_bytes(32)
    draft = TransactionDraft(book.contracts["SubjectRegistry"], registration(subject), GAS)
    outbox.add(signer.address, lambda first: [signer.sign(draft, first)])
    sender = Sender(rpc, CHAIN_ID, RELAYER, store=outbox)
    assert sender.is_on_way(subject)
    assert not sender.is_on_way(random_bytes(32))
    assert sender.carries_earlier()
    sender.finish()
    assert not sender.is_on_way(subject)
    assert not sender.carries_earlier()
    assert count_of(Web3Ledger(book, rpc), subject) == 1


def test_n1_what_another_process_of_the_account_left_behind_is_carried_on(rpc, book, proxy):
    outbox, signer = MemoryOutbox(), TransactionSigner(CHAIN_ID, RELAYER)
    sender = Sender(Rpc(proxy.url), CHAIN_ID, RELAYER, store=outbox)
    register(sender, book)
    # another process takes the next nonce and dies, so what comes behind cannot be mined before it
    draft = TransactionDraft(book.contracts["SubjectRegistry"], registration(random_bytes(32)), GAS)
    (left,) = outbox.add(signer.address, lambda first: [signer.sign(draft, first)])
    proxy.fault = planned("answer_lost")
    assert register(sender, book).succeeded
    assert rpc.request("eth_getTransactionReceipt", to_hex(left.digest))["status"] == "0x1"


def test_n7_where_nothing_can_be_kept_nothing_is_sent(rpc, book, relayer):
    class FullDisk(MemoryOutbox):
        def add(self, *_, **__):
            raise OSError(28, "No space left on device")

    before = nonce(rpc, RELAYER)
    sender = Sender(rpc, CHAIN_ID, RELAYER, store=FullDisk())
    with pytest.raises(OSError, match="No space left"):
        register(sender, book)
    assert [health.on_way for health in sender.health()] == [0]
    register(relayer, book)
    assert nonce(rpc, RELAYER) == before + 1


def test_health_says_what_is_on_its_way_and_for_how_long(rpc):
    sender = Sender(rpc, CHAIN_ID, RELAYER, STRANGER)
    sender.accounts[1].transactions.add(TransactionDraft(b"\x01" * 20, b"", GAS))
    idle, busy = sender.health()
    assert (idle.on_way, idle.oldest_s, busy.on_way) == (0, 0.0, 1)
    assert busy.oldest_s > 0


def test_a_refused_transaction_does_not_block_the_next(book, relayer):
    subject = random_bytes(32)
    register(relayer, book, subject)
    with pytest.raises(ContractRevertError) as refused:
        register(relayer, book, subject)
    assert (refused.value.error, refused.value.reason) == ("SubjectExists", "subject_exists")
    register(relayer, book)


def test_an_account_that_is_no_member_is_refused_by_the_contract(book, stranger):
    with pytest.raises(ContractRevertError):
        register(stranger, book)


def test_an_account_that_is_not_on_the_allowlist_is_refused_by_the_node(rpc, book):
    outsider = Sender(rpc, CHAIN_ID, b"\x77" * 32)
    assert reason_of(lambda: call_of_anyone(outsider, book)) == "ledger_refused"


def test_a_transaction_for_another_chain_is_refused(rpc, book):
    assert reason_of(lambda: call_of_anyone(Sender(rpc, CHAIN_ID + 1, STRANGER), book)) == "ledger_refused"


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
        lambda: ledger.withdraw(SECRET),
        lambda: ledger.record_uses([USE]),
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
    assert reason_of(lambda: ledger.withdraw(SECRET)) == "configuration"
    assert [member.id for member in ledger.members()] == [RELAYER_ID]


def test_uses_of_an_unknown_consent_are_refused_one_by_one(rpc, book, relayer):
    ledger = Web3Ledger(book, rpc, relayer=relayer)
    results = ledger.record_uses([replace(USE, ticket=random_bytes(32)) for _ in range(3)])
    assert [result.recorded for result in results] == [False] * 3
    assert len({result.mined.transaction for result in results}) == 1
