"""Locks and roles: one at a time, of threads and of processes, and free again however their process ends."""

import threading
import time

import pytest
from psycopg import sql

from api.storage.database import find_database
from api.storage.locks import SingletonRole, ThreadLocks
from api.storage.postgres_locks import lock_key
from ledger_node.randomness import random_bytes

PATIENCE_S = 30


@pytest.fixture
def stores(tmp_path, database_url):
    """Two parts of one store: of one process in a file, of two in PostgreSQL."""
    made = [find_database(tmp_path / "store.sqlite3", database_url) for _ in range(2)]
    if database_url is None:
        made[1].dispose()
        made = [made[0], made[0]]
    yield made
    for store in made:
        store.dispose()


@pytest.fixture
def shared(postgres):
    """Two processes' parts of one store."""
    url = postgres.database()
    made = [find_database(None, url) for _ in range(2)]
    for store in made:
        store.locks.join()
    yield made
    for store in made:
        store.dispose()


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lock_is_held_by_one_thread_at_a_time(stores):
    inside, most = [], []

    def work(number):
        for _ in range(10):
            with stores[number % 2].locks.lock("kind", b"name"):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.001)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (60, 1)


def test_locks_of_other_names_and_kinds_do_not_wait(stores):
    with stores[0].locks.lock("kind", b"name"):
        passed = []

        def work():
            with stores[1].locks.lock("kind", b"other"), stores[1].locks.lock("another", b"name"):
                passed.append(True)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE_S)
        assert passed == [True]


def test_a_thread_may_enter_a_lock_that_it_holds(stores):
    with stores[0].locks.lock("kind"), stores[0].locks.lock("kind"):
        pass
    with stores[1].locks.lock("kind"):
        pass


def test_a_lock_ends_with_a_fault(stores):
    with pytest.raises(ZeroDivisionError), stores[0].locks.lock("kind"):
        raise ZeroDivisionError
    with stores[1].locks.lock("kind"):
        pass


def test_locks_are_forgotten_when_nobody_uses_them():
    locks = ThreadLocks()
    with locks.hold("kind", b"a") as first, locks.hold("kind", b"a") as again:
        assert (first, again) == (True, False)
    assert locks._used == {}


def test_a_role_is_held_by_one_process_until_it_ends(shared):
    one, two = (store.locks for store in shared)
    assert one.acquire(SingletonRole.JOBS)
    assert not two.acquire(SingletonRole.JOBS)
    assert one.acquire(SingletonRole.JOBS)
    assert two.acquire(SingletonRole.WEBHOOKS)
    one.release(SingletonRole.JOBS)
    assert two.acquire(SingletonRole.JOBS)
    assert not one.acquire(SingletonRole.JOBS)
    two.leave()
    assert one.acquire(SingletonRole.JOBS)
    assert one.acquire(SingletonRole.WEBHOOKS)


def test_processes_know_of_each_other_whether_they_live(shared):
    one, two = (store.locks for store in shared)
    assert one.has_peers()
    assert one.is_alive(two.process_id)
    assert one.is_alive(one.process_id)
    assert not one.is_alive(random_bytes(16))
    two.leave()
    assert not one.is_alive(two.process_id)
    assert not one.has_peers()


def test_a_process_alone_with_its_file_knows_that(tmp_path):
    store = find_database(tmp_path / "store.sqlite3")
    locks = store.locks
    assert (locks.is_shared, locks.has_peers(), locks.is_alive(locks.process_id), locks.is_alive(random_bytes(16))) == (
        False,
        False,
        True,
        False,
    )
    assert locks.acquire(SingletonRole.JOBS)
    store.dispose()


def test_a_session_that_breaks_loses_roles_and_gets_the_sign_of_life_back(shared, postgres):
    one, two = (store.locks for store in shared)
    assert one.acquire(SingletonRole.JOBS)
    end_sessions(postgres, shared[0])
    assert not one.acquire(SingletonRole.JOBS) or not two.acquire(SingletonRole.JOBS)
    until(lambda: two.is_alive(one.process_id))
    assert [one.acquire(SingletonRole.JOBS), two.acquire(SingletonRole.JOBS)].count(True) == 1


def test_a_lock_whose_session_broke_ends_without_a_fault(shared, postgres):
    one, two = (store.locks for store in shared)
    with one.lock("kind"):
        end_sessions(postgres, shared[0])
        # the lock went with the session, so the other process is not kept waiting
        with two.lock("kind"):
            pass
    with one.lock("kind"):
        pass


def end_sessions(postgres, store):
    database = store.where.rpartition("/")[2]
    statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()"
    postgres.execute(sql.SQL(statement).format(database))


def test_keys_of_locks_are_numbers_of_64_bits_and_follow_from_their_names():
    assert lock_key("writer") == lock_key("writer", b"")
    assert len({lock_key(kind, name) for kind in ("a", "ab", "b") for name in (b"", b"b", b"bb")}) == 9
    assert all(-(1 << 63) <= lock_key("kind", bytes([number])) < 1 << 63 for number in range(200))
