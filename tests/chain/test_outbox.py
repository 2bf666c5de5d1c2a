"""Both outboxes keep one contract: a nonce is given out once, together with what is signed with it."""

import threading

import pytest

from api.storage.database import open_store
from api.storage.outbox import StoredOutbox
from ledger_node.chain.outbox import MemoryOutbox, TransactionDraft
from ledger_node.chain.pending_transaction import TransactionSigner

SIGNER = TransactionSigner(7_357, b"\x05" * 32)
OTHER = TransactionSigner(7_357, b"\x06" * 32)
ACCOUNT = SIGNER.address


@pytest.fixture(params=["memory", "stored", "shared"])
def outbox(request, tmp_path):
    if request.param == "memory":
        yield MemoryOutbox()
        return
    url = request.getfixturevalue("postgres").database() if request.param == "shared" else None
    store = open_store(tmp_path / "store.sqlite3", url)
    yield StoredOutbox(store)
    store.dispose()


def draft(number):
    return TransactionDraft(b"\x07" * 20, bytes([number]), 100_000)


def signing(*numbers, signer=SIGNER):
    return lambda first: [signer.sign(draft(number), first + place) for place, number in enumerate(numbers)]


def nonces(outbox, account=ACCOUNT):
    return [(entry.nonce, entry.draft.data[0]) for entry in outbox.pending(account)]


def test_nonces_go_on_from_the_count_of_the_chain(outbox):
    assert outbox.open(ACCOUNT, 5) == []
    outbox.add(ACCOUNT, signing(1, 2))
    outbox.add(ACCOUNT, signing(3))
    assert nonces(outbox) == [(5, 1), (6, 2), (7, 3)]


def test_what_is_kept_comes_back_byte_for_byte(outbox):
    outbox.open(ACCOUNT, 0)
    kept = outbox.add(ACCOUNT, signing(1, 2))
    assert list(outbox.pending(ACCOUNT)) == list(kept)
    creation = SIGNER.sign(TransactionDraft(None, b"\x60\x00", 60_000), 2)
    outbox.add(ACCOUNT, lambda _: [creation])
    assert outbox.open(ACCOUNT, 0)[2] == creation


def test_what_is_kept_counts_when_it_is_opened_again(outbox):
    outbox.open(ACCOUNT, 3)
    outbox.add(ACCOUNT, signing(1, 2))
    assert [entry.nonce for entry in outbox.open(ACCOUNT, 4)] == [3, 4]
    outbox.add(ACCOUNT, signing(3))
    assert nonces(outbox) == [(3, 1), (4, 2), (5, 3)]


def test_with_nothing_kept_the_chain_says_the_next_nonce(outbox):
    outbox.open(ACCOUNT, 3)
    (entry,) = outbox.add(ACCOUNT, signing(1))
    outbox.forget(ACCOUNT, [entry.digest])
    assert outbox.open(ACCOUNT, 2) == []  # a chain that was made anew
    outbox.add(ACCOUNT, signing(2))
    assert nonces(outbox) == [(2, 2)]


def test_what_is_mined_is_forgotten_together_with_keeping_what_is_new(outbox):
    outbox.open(ACCOUNT, 0)
    first, second = outbox.add(ACCOUNT, signing(1, 2))
    outbox.add(ACCOUNT, signing(3), done=[first.digest])
    assert nonces(outbox) == [(1, 2), (2, 3)]
    outbox.forget(ACCOUNT, [second.digest, b"\x00" * 32])
    assert nonces(outbox) == [(2, 3)]


def test_nothing_is_kept_where_signing_fails(outbox):
    outbox.open(ACCOUNT, 0)
    (entry,) = outbox.add(ACCOUNT, signing(1))

    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outbox.add(ACCOUNT, fail)
    outbox.add(ACCOUNT, signing(2))
    assert nonces(outbox) == [(0, 1), (1, 2)]
    assert entry.nonce == 0


@pytest.mark.parametrize(("count", "nonce"), [(0, 2), (1, 2), (7, 7)])
def test_an_overtaken_entry_gets_the_next_nonce_once(outbox, count, nonce):
    outbox.open(ACCOUNT, 0)
    first, _ = outbox.add(ACCOUNT, signing(1, 2))
    renewed = outbox.renew(first, count, lambda number: SIGNER.sign(first.draft, number))
    assert (renewed.nonce, renewed.draft) == (nonce, first.draft)
    assert outbox.renew(first, count, lambda number: SIGNER.sign(first.draft, number)) is None
    assert nonces(outbox) == [(1, 2), (nonce, 1)]


def test_the_nonce_of_the_last_entry_is_free_again_when_it_is_taken_back(outbox):
    outbox.open(ACCOUNT, 0)
    _, last = outbox.add(ACCOUNT, signing(1, 2))
    assert not outbox.release(last, SIGNER.placeholder(last.nonce))
    outbox.add(ACCOUNT, signing(3))
    assert nonces(outbox) == [(0, 1), (1, 3)]


def test_where_others_wait_behind_a_placeholder_takes_the_place(outbox):
    outbox.open(ACCOUNT, 0)
    first, _ = outbox.add(ACCOUNT, signing(1, 2))
    placeholder = SIGNER.placeholder(first.nonce)
    assert outbox.release(first, placeholder)
    kept = outbox.pending(ACCOUNT)
    assert kept[0] == placeholder
    assert [entry.nonce for entry in kept] == [0, 1]


def test_accounts_do_not_share_nonces(outbox):
    outbox.open(ACCOUNT, 5)
    outbox.open(OTHER.address, 9)
    outbox.add(ACCOUNT, signing(1))
    outbox.add(OTHER.address, signing(2, signer=OTHER))
    assert (nonces(outbox), nonces(outbox, OTHER.address)) == ([(5, 1)], [(9, 2)])


def test_senders_that_share_an_outbox_never_give_out_a_nonce_twice(outbox):
    outbox.open(ACCOUNT, 0)

    def work(number):
        for _ in range(10):
            outbox.add(ACCOUNT, signing(number, number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [nonce for nonce, _ in nonces(outbox)] == list(range(120))


def test_neither_data_nor_bytes_show_in_a_repr(outbox):
    outbox.open(ACCOUNT, 0)
    secret = b"\xde\xad\xbe\xef" * 8
    (entry,) = outbox.add(ACCOUNT, lambda nonce: [SIGNER.sign(TransactionDraft(b"\x07" * 20, secret, 100_000), nonce)])
    assert secret.hex() not in repr(entry)
    assert repr(secret)[2:-1] not in repr(entry)


@pytest.fixture
def pair(postgres):
    """Outboxes of two processes that share a store."""
    url = postgres.database()
    stores = [open_store(None, url) for _ in range(2)]
    for store in stores:
        store.locks.join()
    yield [StoredOutbox(store) for store in stores]
    for store in stores:
        store.dispose()


def test_what_a_process_carries_is_no_others_until_it_is_gone(pair):
    one, two = pair
    one.open(ACCOUNT, 0)
    kept = one.add(ACCOUNT, signing(1, 2))
    assert two.open(ACCOUNT, 0) == []
    assert two.left_behind(ACCOUNT) == []
    assert list(two.pending(ACCOUNT)) == list(kept)
    one._store.dispose()
    assert two.left_behind(ACCOUNT) == list(kept)
    # it is its own now
    assert two.left_behind(ACCOUNT) == []
    assert two.open(ACCOUNT, 0) == list(kept)


def test_a_count_of_the_chain_that_is_old_by_now_gives_out_no_nonce_again(pair):
    one, two = pair
    one.open(ACCOUNT, 0)
    (entry,) = one.add(ACCOUNT, signing(1))
    one.forget(ACCOUNT, [entry.digest])
    # asked before the first one was mined
    two.open(ACCOUNT, 0)
    assert [entry.nonce for entry in two.add(ACCOUNT, signing(2))] == [1]


def test_what_another_process_finished_is_not_taken_back(pair):
    one, two = pair
    one.open(ACCOUNT, 0)
    two.open(ACCOUNT, 0)
    (entry,) = one.add(ACCOUNT, signing(1))
    two.forget(ACCOUNT, [entry.digest])
    assert not one.release(entry, SIGNER.placeholder(entry.nonce))
    assert [one.nonce for one in one.add(ACCOUNT, signing(2))] == [entry.nonce + 1]
