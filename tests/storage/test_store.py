"""A store means the same in a file and in PostgreSQL: what readers see, what writers may rely on, what is refused."""

import signal
import threading
import traceback

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from api.home.settings import Environment, environment
from api.storage import postgres as postgres_module
from api.storage.database import find_database, open_store
from api.storage.postgres import PostgresStore, postgres_url
from ledger_node.domain.error import InvalidInputError, StoreError
from ledger_node.domain.reason import Reason
from tests.kit.postgres import Server, programs

CANARY = "geheim-7f3a"
counter = Table("counter", MetaData(), Column("id", Integer, primary_key=True), Column("value", Integer))


def counting(store):
    with store.begin() as connection:
        counter.create(connection)
        connection.execute(insert(counter).values(id=1, value=0))
    return store


@pytest.fixture
def store(tmp_path, database_url):
    made = counting(find_database(tmp_path / "store.sqlite3", database_url))
    yield made
    made.dispose()


@pytest.fixture
def shared(postgres):
    """Two processes' views of a store."""
    url = postgres.database()
    made = [counting(find_database(None, url)), find_database(None, url)]
    yield made
    for one in made:
        one.dispose()


def value(connection):
    return connection.execute(select(counter.c.value).where(counter.c.id == 1)).scalar_one()


def put(connection, number):
    connection.execute(update(counter).values(value=number))


def test_a_reader_sees_one_snapshot_whatever_is_written_meanwhile(store):
    with store.connect() as reading:
        assert value(reading) == 0
        with store.begin() as writing:
            put(writing, 1)
        assert value(reading) == 0
    with store.connect() as reading:
        assert value(reading) == 1


def test_a_reader_does_not_wait_for_a_writer_and_sees_nothing_of_it(store):
    with store.begin() as writing:
        put(writing, 1)
        with store.connect() as reading:
            assert value(reading) == 0


def test_what_a_writer_read_is_still_so_when_it_writes(store):
    def add_one():
        for _ in range(25):
            with store.begin() as connection:
                put(connection, value(connection) + 1)

    threads = [threading.Thread(target=add_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.connect() as connection:
        assert value(connection) == 150


def test_nothing_is_there_of_a_transaction_that_fails(store):
    def fail():
        with store.begin() as connection:
            put(connection, 5)
            connection.execute(insert(counter).values(id=1, value=0))

    with pytest.raises(IntegrityError):
        fail()
    with store.connect() as connection:
        assert value(connection) == 0


def test_deleted_bytes_are_made_to_leave(store):
    with store.begin() as connection:
        put(connection, 1)
    store.forget_deleted()
    with store.connect() as connection:
        assert value(connection) == 1


def test_a_second_process_on_a_file_is_refused(tmp_path):
    first, second = open_store(tmp_path / "store.sqlite3"), open_store(tmp_path / "store.sqlite3")
    first.locks.join()
    with pytest.raises(InvalidInputError) as refused:
        second.locks.join()
    assert refused.value.reason is Reason.STORE_IN_USE
    first.dispose()
    second.locks.join()
    second.dispose()


def test_a_transaction_that_waits_for_the_lock_in_vain_says_that_the_store_is_busy(shared):
    one, two = shared
    with one.begin() as connection:
        put(connection, 1)
        with pytest.raises(StoreError) as refused, two.begin():
            pass
    assert refused.value.reason is Reason.STORE_UNAVAILABLE


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setitem(postgres_module._SESSION, "lock_timeout", "3s")


def test_a_session_that_the_server_ends_is_no_fault_of_ours(postgres, shared):
    store, _ = shared

    def be_ended():
        with store.begin() as connection:
            (pid,) = connection.execute(text("SELECT pg_backend_pid()")).scalars()
            postgres.execute(f"SELECT pg_terminate_backend({pid})")
            put(connection, 9)

    with pytest.raises(StoreError) as refused:
        be_ended()
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    with store.begin() as connection:
        put(connection, value(connection) + 1)
    with store.connect() as connection:
        assert value(connection) == 1


def test_a_standby_takes_no_writes(postgres):
    url = postgres.database()
    open_store(None, url).dispose()
    postgres.execute(f"ALTER DATABASE {postgres_url(url).database} SET default_transaction_read_only = on")
    store = find_database(None, url)
    with pytest.raises(StoreError) as refused, store.begin() as connection:
        connection.execute(text("CREATE TABLE anything (x INTEGER)"))
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    store.dispose()


@pytest.mark.parametrize(
    ("setting", "words"), [("synchronous_commit = off", "synchronous_commit"), ("synchronous_commit = on", None)]
)
def test_a_database_that_forgets_what_it_acknowledged_is_refused(postgres, setting, words):
    url = postgres.database()
    postgres.execute(f"ALTER DATABASE {postgres_url(url).database} SET {setting}")
    if words is None:
        open_store(None, url).dispose()
        return
    with pytest.raises(InvalidInputError, match=words) as refused:
        open_store(None, url)
    assert refused.value.reason is Reason.CONFIGURATION


def test_a_database_of_another_encoding_is_refused(postgres):
    postgres.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(InvalidInputError, match="UTF8"):
        open_store(None, postgres.url("latin"))


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_both_ways_to_write_the_address_are_taken(postgres, driver):
    open_store(None, postgres.database().replace("postgresql", driver)).dispose()


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{CANARY}@127.0.0.1/x",
        f"postgresql+asyncpg://u:{CANARY}@127.0.0.1/x",
        f"postgresql://u:{CANARY}@127.0.0.1:port/x",
        f"postgresql://u:{CANARY}@127.0.0.1:1/x",
        f"postgresql://u@127.0.0.1:1/x?password={CANARY}",
        f"postgresql://u:{CANARY}@127.0.0.1:1/x?no_such_option={CANARY}",
        f"postgresql://u@127.0.0.1:1/x?{CANARY}",
        f"{CANARY}",
    ],
)
def test_no_refusal_shows_a_password(url, caplog):
    with pytest.raises((InvalidInputError, StoreError)) as refused:
        open_store(None, url)
    assert CANARY not in f"{refused.value!r} {refused.value} {caplog.text}"
    # whoever prints the whole story prints the cause as well
    assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_no_repr_shows_the_address(monkeypatch):
    store = PostgresStore(postgres_url(f"postgresql://u:{CANARY}@127.0.0.1:1/x"))
    assert CANARY not in f"{store!r} {store.engine!r} {store.locks!r} {store.where}"
    store.dispose()
    monkeypatch.setenv("CREDENCE_DATABASE_URL", f"postgresql://u:{CANARY}@127.0.0.1:1/x")
    monkeypatch.setenv("CREDENCE_KEYS_URL", f"postgresql://u:{CANARY}@127.0.0.1:1/y")
    known = environment()
    assert isinstance(known, Environment)
    assert known.database_url.endswith("/x")
    assert CANARY not in repr(known)


def test_a_password_may_come_from_the_means_of_libpq(postgres, tmp_path, monkeypatch):
    url = postgres.database()
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:owner:{CANARY}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    monkeypatch.setenv("PGUSER", "owner")
    open_store(None, url.replace("owner@", "")).dispose()


def test_commits_survive_a_crash_of_the_server():
    if programs() is None:
        pytest.skip("the programs of a PostgreSQL server are not installed")
    server = Server(durable=True)
    try:
        store = find_database(None, server.database())
        with store.begin() as connection:
            counter.create(connection)
            connection.execute(insert(counter).values(id=1, value=7))
        server.stop(signal.SIGQUIT)
        with pytest.raises(StoreError) as refused, store.connect() as connection:
            value(connection)
        assert refused.value.reason is Reason.STORE_UNAVAILABLE
        server.start()
        with store.connect() as connection:
            assert value(connection) == 7
        store.dispose()
    finally:
        server.close()


def test_the_driver_names_what_we_take_for_an_outage():
    """These are classes of the driver that the store relies on."""
    for kind in ("AdminShutdown", "LockNotAvailable", "QueryCanceled", "SerializationFailure", "DeadlockDetected"):
        assert issubclass(getattr(psycopg.errors, kind), psycopg.OperationalError)
    assert not issubclass(psycopg.errors.UniqueViolation, psycopg.OperationalError)
    assert psycopg.errors.IdleInTransactionSessionTimeout.sqlstate == "25P03"
    assert psycopg.errors.ReadOnlySqlTransaction.sqlstate == "25006"
