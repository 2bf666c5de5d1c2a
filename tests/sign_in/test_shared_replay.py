"""The memory of proofs that processes share: no proof counts twice, whichever of them it comes to, whatever is lost."""

import threading

import pytest
from joserfc.jwk import ECKey

from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import public_part
from api.sign_in.protocol.proof import Proof
from api.sign_in.server.replay import SharedProofMemory
from api.storage.database import open_store

NOW = 1_800_000_000
KEY = public_part(ECKey.generate_key("P-256"))
THUMBPRINT = KEY.thumbprint


@pytest.fixture
def url(postgres):
    return postgres.database()


@pytest.fixture
def stores(url):
    made = [open_store(None, url) for _ in range(2)]
    yield made
    for store in made:
        store.dispose()


@pytest.fixture
def memories(stores):
    return [SharedProofMemory(store, lambda: NOW) for store in stores]


def proof(identifier="a", *, at=NOW, nonce=None):
    return Proof(KEY, identifier, nonce, at, at + 60)


def refused(memory, made, now=NOW):
    with pytest.raises(SignInError) as caught:
        memory.use(THUMBPRINT, made, now=now)
    return caught.value.reason


def test_a2_a_proof_counts_once_whichever_process_it_comes_to(memories):
    one, two = memories
    made = proof(nonce=one.nonce)
    one.use(THUMBPRINT, made, now=NOW)
    assert refused(two, made) == refused(one, made) == "proof_replayed"
    two.use("another key", made, now=NOW)
    two.use(THUMBPRINT, proof("b", nonce=two.nonce), now=NOW)


def test_a2_of_many_that_come_at_once_to_both_one_counts(memories):
    made, outcomes = proof(nonce=memories[0].nonce), []

    def use(number):
        try:
            memories[number % 2].use(THUMBPRINT, made, now=NOW)
            outcomes.append("used")
        except SignInError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["proof_replayed"] * 11 + ["used"]


def test_processes_know_one_nonce_and_a_start_changes_nothing(memories, stores):
    one, two = memories
    assert one.nonce == two.nonce
    one.use(THUMBPRINT, proof(nonce=one.nonce), now=NOW)
    again = SharedProofMemory(stores[0], lambda: NOW + 5)
    assert again.nonce == one.nonce
    assert refused(again, proof(nonce=one.nonce)) == "proof_replayed"


def test_a_proof_without_the_nonce_counts_if_it_was_made_after_the_memory_began(memories):
    one, _ = memories
    assert refused(one, proof(at=NOW + 10), now=NOW + 10) == "proof_nonce"
    one.use(THUMBPRINT, proof(at=NOW + 11), now=NOW + 11)
    assert refused(one, proof("c", nonce="of another life")) == "proof_nonce"


def test_a_memory_that_was_lost_takes_no_proof_of_before(memories, stores):
    one, two = memories
    old = one.nonce
    used = proof(at=NOW + 20)
    one.use(THUMBPRINT, used, now=NOW + 20)
    one._now = two._now = lambda: NOW + 21
    # what a crash of the server does to unlogged tables
    with stores[0].alone() as connection:
        connection.exec_driver_sql("TRUNCATE proof_used, proof_memory")
    assert refused(two, used, now=NOW + 21) == "proof_nonce"
    assert refused(one, used, now=NOW + 21) == "proof_nonce"
    assert refused(one, proof("d", nonce=old), now=NOW + 21) == "proof_nonce"
    assert one.nonce == two.nonce != old
    one.use(THUMBPRINT, proof("d", at=NOW + 21, nonce=two.nonce), now=NOW + 21)


def test_a_process_learns_the_nonce_that_another_one_gave_out(memories, stores):
    one, two = memories
    with stores[0].alone() as connection:
        connection.exec_driver_sql("TRUNCATE proof_used, proof_memory")
    assert refused(one, proof(nonce=one.nonce)) == "proof_nonce"
    two.use(THUMBPRINT, proof(nonce=one.nonce), now=NOW)


def test_proofs_are_forgotten_a_minute_after_they_count_no_longer(memories, stores):
    one, _ = memories
    one.use(THUMBPRINT, proof(nonce=one.nonce), now=NOW)
    one.use(THUMBPRINT, proof("e", at=NOW + 119, nonce=one.nonce), now=NOW + 119)
    assert count(stores[0]) == 2
    one.use(THUMBPRINT, proof("f", at=NOW + 130, nonce=one.nonce), now=NOW + 130)
    assert count(stores[0]) == 2


def test_a_clock_that_is_behind_opens_no_window(memories):
    one, two = memories
    made = proof(nonce=one.nonce)
    one.use(THUMBPRINT, made, now=NOW)
    one.use(THUMBPRINT, proof("g", at=NOW + 300, nonce=one.nonce), now=NOW + 300)
    assert refused(two, made, now=NOW + 1) == "proof_time"


def count(store):
    with store.alone() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM proof_used").scalar_one()
