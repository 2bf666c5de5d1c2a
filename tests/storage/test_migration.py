"""Databases of every version: made by their migrations alone, moved up and down with what they hold."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, inspect, select, text

from api.storage import table
from api.storage.database import find_database, open_database, open_store
from api.storage.migration.schema import BASE, KEYS, STORE
from api.storage.migration.version import move, require_version_alone, version_of
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

SCHEMAS = pytest.mark.parametrize("schema", [STORE, KEYS], ids=lambda schema: schema.name)
VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
KEY = b"\x01" * 16
GONE = b"\x02" * 16
DIGEST = b"\x03" * 32
OLD_STORE = Path(__file__).with_name("store_0001.sql")
"""What ``create_all`` made before there were versions."""
ROWS = {
    "data_key": [{"id": KEY, "wrapped": b"wrapped"}, {"id": GONE, "wrapped": b"other"}],
    "job": [
        {
            "id": "j1",
            "member": DIGEST,
            "schema": "tax_payment",
            "format": "csv",
            "sequence": 7,
            "state": "done",
            "data_key": KEY,
            "rows_read": 3,
            "issued": 2,
            "unchanged": 0,
            "rejected": 1,
            "created_at": 5,
        }
    ],
    "job_rejection": [{"id": 4, "job": "j1", "line": 2, "reason": "row_repeated", "message": "words 中文"}],
    "outbox": [
        {"digest": DIGEST, "account": b"a" * 20, "nonce": 9, "data": b"\x00\xff", "gas": 1 << 40, "raw": b"raw"}
    ],
    "access_row": [
        {
            "number": 11,
            "bank": DIGEST,
            "time": 6,
            "leaf": DIGEST,
            "head": DIGEST,
            "data_key": KEY,
            "sealed": b"sealed",
        }
    ],
    "idempotent_call": [
        {
            "id": DIGEST,
            "route": DIGEST,
            "seed": DIGEST,
            "owner": KEY,
            "lease_until": 1,
            "expires_at": 1 << 40,
            "answered": 1,
            "wrapped": b"wrapped",
            "sealed": b"sealed",
        }
    ],
}


class Databases:
    """A store and a key ledger."""

    def __init__(self, folder, urls):
        self.path = folder / "store.sqlite3"
        self.store = find_database(self.path, urls[0])
        self.keys = find_database(folder / "keys.sqlite3", urls[1])

    def move(self, target):
        return move(self.store, STORE, target, self.keys)

    def fill(self, rows):
        held = MetaData()
        with self.store.begin() as connection:
            held.reflect(connection)
            for name, values in rows.items():
                connection.execute(held.tables[name].insert(), values)

    def rows(self, *names):
        """Return every row of tables, by table and column."""
        held = MetaData()
        with self.store.connect() as connection:
            held.reflect(connection)
            return {
                name: [dict(row._mapping) for row in connection.execute(held.tables[name].select())] for name in names
            }

    def wrapped(self):
        with self.keys.connect() as connection:
            return {row.id: row.wrapped for row in connection.execute(select(table.data_key))}

    def close(self):
        self.store.dispose()
        self.keys.dispose()


@pytest.fixture
def urls(request, database_url):
    return (None, None) if database_url is None else (database_url, request.getfixturevalue("postgres").database())


@pytest.fixture
def databases(tmp_path, urls):
    made = Databases(tmp_path, urls)
    yield made
    made.close()


@pytest.fixture
def database(databases, schema):
    return databases.store if schema is STORE else databases.keys


def tables(database):
    with database.connect() as connection:
        return set(inspect(connection).get_table_names())


def differences(database, schema):
    wanted = [schema.metadata]
    with database.connect() as connection:
        if schema.shared is not None and connection.dialect.name == "postgresql":
            wanted.append(schema.shared)
        options = {"compare_type": True, "compare_server_default": False, "version_table": schema.version_table}
        return compare_metadata(MigrationContext.configure(connection, opts=options), wanted)


def shape(database):
    """Return columns, keys, constraints and indexes of every table, as the database tells them."""
    with database.connect() as connection:
        seen = inspect(connection)
        return {
            name: (
                {
                    column["name"]: (str(column["type"]), column["nullable"], column.get("autoincrement"))
                    for column in seen.get_columns(name)
                },
                seen.get_pk_constraint(name)["constrained_columns"],
                sorted(tuple(one["column_names"]) for one in seen.get_unique_constraints(name)),
                sorted((one["constrained_columns"], one["referred_table"]) for one in seen.get_foreign_keys(name)),
                sorted((one["name"], one["column_names"], one["unique"]) for one in seen.get_indexes(name)),
            )
            for name in seen.get_table_names()
            if name not in {STORE.version_table, KEYS.version_table}
        }


@SCHEMAS
def test_the_head_is_the_last_version(schema):
    scripts = ScriptDirectory(str(schema.folder), version_locations=[str(schema.folder)])
    assert scripts.get_heads() == [schema.head]
    assert [script.revision for script in scripts.walk_revisions()][-1] == "0001"


@SCHEMAS
def test_the_migrations_make_exactly_the_tables_of_the_program(database, schema):
    assert move(database, schema, schema.head) == (BASE, schema.head)
    assert differences(database, schema) == []
    made = shape(database)
    move(database, schema, BASE)
    with database.begin() as connection:
        schema.metadata.create_all(connection)
        if schema.shared is not None and connection.dialect.name == "postgresql":
            schema.shared.create_all(connection)
    assert made == shape(database)


@SCHEMAS
def test_down_to_the_base_nothing_is_left(database, schema):
    move(database, schema, schema.head)
    assert move(database, schema, BASE) == (schema.head, BASE)
    assert tables(database) == set()
    with database.connect() as connection:
        if connection.dialect.name == "postgresql":
            left = connection.execute(text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
            assert left.all() == []
        assert version_of(connection, schema) is None


def test_the_first_version_is_the_store_from_before_there_were_versions(tmp_path):
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(OLD_STORE.read_text())
    made = find_database(tmp_path / "made.sqlite3")
    move(made, STORE, "0001")
    known = find_database(old)
    try:
        assert shape(made) == shape(known)
        with known.connect() as connection:
            assert version_of(connection, STORE) == "0001"
    finally:
        made.dispose()
        known.dispose()


def test_a_store_from_before_there_were_versions_is_brought_up_with_all_it_holds(tmp_path):
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection:
        connection.executescript(OLD_STORE.read_text())
    databases = Databases(tmp_path, (None, None))
    databases.fill(ROWS)
    move(databases.keys, KEYS, KEYS.head)
    assert databases.move(STORE.head) == ("0001", STORE.head)
    assert differences(databases.store, STORE) == []
    assert databases.wrapped() == {KEY: b"wrapped", GONE: b"other"}
    databases.close()


@pytest.mark.parametrize("until", VERSIONS[1:])
def test_up_and_down_again_nothing_is_lost(databases, until):
    move(databases.keys, KEYS, KEYS.head)
    databases.move("0001")
    databases.fill(ROWS)
    kept = [name for name in ROWS if name != "idempotent_call"]
    before = databases.rows(*kept)
    databases.move(until)
    assert set(databases.rows("access_row")["access_row"][0].items()) >= set(ROWS["access_row"][0].items())
    assert "data_key" not in tables(databases.store)
    (call,) = databases.rows("idempotent_call")["idempotent_call"]
    assert (call["answered"], call["sealed"], call["data_keys"]) == (1, None, None)
    databases.move("0001")
    assert databases.rows(*kept) == before
    (call,) = databases.rows("idempotent_call")["idempotent_call"]
    assert (call["answered"], call["sealed"], call["wrapped"]) == (1, None, None)


def test_l6_a_store_from_before_knows_by_which_schema_each_attestation_is_read(databases):
    move(databases.keys, KEYS, KEYS.head)
    databases.move("0003")
    row = {one.name: b"\x05" * 32 for one in table.attestation.c if isinstance(one.type, LargeBinary)}
    row |= {one.name: 7 for one in table.attestation.c if isinstance(one.type, BigInteger | Integer)}
    row = {name: value for name, value in row.items() if name not in {"schema_id", "kind_index", "newest_as_of"}} | {
        "data_key": KEY
    }
    named = [row | {"digest": bytes([n]) * 32, "schema": name} for n, name in enumerate(("tax_payment", "other"))]
    databases.fill({"attestation": named})
    databases.move(STORE.head)
    first, second = databases.rows("attestation")["attestation"]
    assert first["schema_id"].hex() == "17e21829c4d65dab2c7b125c46653de79052bca13203c2b79274d71bcdee557e"
    assert (second["schema_id"], first["kind_index"]) == (bytes(32), bytes(32))
    databases.move("0003")
    assert [set(one) for one in databases.rows("attestation")["attestation"]] == [{*row, "schema", "job"}] * 2
    assert [one["sealed"] for one in databases.rows("attestation")["attestation"]] == [b"\x05" * 32] * 2


def test_numbers_go_on_behind_those_that_were_given_out(databases):
    move(databases.keys, KEYS, KEYS.head)
    databases.move("0001")
    rows = [{key: value for key, value in ROWS["access_row"][0].items() if key != "number"}]
    databases.fill({"data_key": ROWS["data_key"], "access_row": rows})
    databases.move(STORE.head)
    with databases.store.begin() as connection:
        connection.execute(table.access_row.insert(), [{**rows[0], "leaf": b"\x09" * 32}])
        numbers = connection.execute(select(table.access_row.c.number).order_by(table.access_row.c.number)).scalars()
        assert list(numbers) == [1, 2]


def test_a_shared_store_counts_beyond_32_bits(databases):
    move(databases.keys, KEYS, KEYS.head)
    databases.move(STORE.head)
    beyond = 1 << 40
    with databases.store.begin() as connection:
        connection.execute(table.access_row.insert(), [{**ROWS["access_row"][0], "number": beyond}])
    with databases.store.connect() as connection:
        assert connection.execute(select(table.access_row.c.number)).scalar_one() == beyond


def test_a_key_that_was_to_be_removed_does_not_come_back(databases):
    move(databases.keys, KEYS, KEYS.head)
    databases.move("0001")
    databases.fill(ROWS)
    databases.move("0002")
    databases.fill({"key_removal": [{"id": GONE, "erases": 1}]})
    databases.move("0001")
    assert [row["id"] for row in databases.rows("data_key")["data_key"]] == [KEY]


def test_a_ledger_that_holds_other_keys_is_not_taken_for_that_of_the_store(databases):
    move(databases.keys, KEYS, KEYS.head)
    with databases.keys.begin() as connection:
        connection.execute(table.data_key.insert(), [{"id": b"\x07" * 16, "wrapped": b"of another store"}])
    databases.move("0001")
    databases.fill(ROWS)
    with pytest.raises(InvalidInputError) as refused:
        databases.move(STORE.head)
    assert refused.value.reason is Reason.KEY_LEDGER_MISMATCH
    with databases.store.connect() as connection:
        assert version_of(connection, STORE) == "0001"
    assert set(databases.wrapped()) == {b"\x07" * 16}


def test_a_move_that_fails_leaves_the_old_version_whole(databases):
    move(databases.keys, KEYS, KEYS.head)
    databases.move("0001")
    databases.fill(ROWS)
    before, looked = databases.rows(*ROWS), shape(databases.store)
    # the ledger already holds the keys when the store's transaction fails
    with databases.store.begin() as connection:
        connection.execute(text("CREATE TABLE use_under_way (x INTEGER)"))
    with pytest.raises(Exception, match="use_under_way"):
        databases.move(STORE.head)
    with databases.store.begin() as connection:
        connection.execute(text("DROP TABLE use_under_way"))
    assert (databases.rows(*ROWS), shape(databases.store)) == (before, looked)
    assert databases.move(STORE.head) == ("0001", STORE.head)
    assert set(databases.wrapped()) == {KEY, GONE}


def test_of_many_that_upgrade_at_once_one_does_it(tmp_path, urls):
    first = Databases(tmp_path, urls)
    first.move("0002")
    moved, errors = [], []

    def upgrade():
        databases = Databases(tmp_path, urls)
        try:
            moved.append(databases.move(STORE.head)[0])
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        databases.close()

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first.close()
    assert errors == []
    assert sorted(moved) == ["0002", *[STORE.head] * 3]


@pytest.mark.parametrize(("version", "reason"), [("0002", Reason.STORE_OUTDATED), ("0999", Reason.STORE_NEWER)])
def test_another_version_is_refused_with_what_to_run(databases, urls, version, reason):
    databases.move("0002")
    with databases.store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    with pytest.raises(InvalidInputError) as refused:
        open_store(databases.path, urls[0])
    assert refused.value.reason is reason
    assert ("credence store upgrade" in refused.value.message) == (reason is Reason.STORE_OUTDATED)
    with pytest.raises(InvalidInputError) as refused:
        require_version_alone(databases.store, STORE)
    assert refused.value.reason is reason
    if reason is Reason.STORE_NEWER:
        with pytest.raises(InvalidInputError) as refused:
            databases.move(STORE.head)
        assert refused.value.reason is reason


def test_one_database_is_not_taken_for_the_other(databases, urls):
    databases.move(STORE.head)
    with pytest.raises(InvalidInputError) as refused:
        open_database(databases.path, KEYS, urls[0])
    assert refused.value.reason is Reason.CONFIGURATION


def test_a_version_that_does_not_exist_is_refused(databases):
    with pytest.raises(InvalidInputError) as refused:
        databases.move("0042")
    assert refused.value.reason is Reason.CONFIGURATION


def test_a_store_that_a_process_works_with_is_not_moved(tmp_path, postgres):
    url = postgres.database()
    serving = open_store(tmp_path, url)
    serving.locks.join()
    other = find_database(tmp_path, url)
    with pytest.raises(InvalidInputError) as refused:
        move(other, STORE, "0002")
    assert refused.value.reason is Reason.STORE_IN_USE
    serving.dispose()
    assert move(other, STORE, "0002") == (STORE.head, "0002")
    other.dispose()
