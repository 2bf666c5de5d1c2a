"""What is read of the store for metrics: what waits, and nonces that nobody carries."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from api.storage import table
from api.storage.database import open_store
from api.storage.table import chain_cursor, notification, webhook
from api.telemetry.backlog import MOST, read_backlog
from api.telemetry.sampler import gaps, given_out
from ledger_node.domain.error import StoreError

ACCOUNT, MEMBER, OTHER = b"\x01" * 20, b"\x02" * 32, b"\x03" * 32


@pytest.fixture
def store(tmp_path):
    made = open_store(tmp_path / "store.sqlite3")
    yield made
    made.dispose()


def keep(store, next_nonce, *nonces):
    with store.begin() as connection:
        connection.execute(insert(table.outbox_account).values(account=ACCOUNT, next_nonce=next_nonce))
        rows = [
            {"digest": bytes([nonce]) * 32, "account": ACCOUNT, "nonce": nonce, "data": b"", "gas": 1, "raw": b""}
            for nonce in nonces
        ]
        if rows:
            connection.execute(insert(table.outbox), rows)


@pytest.mark.parametrize(
    ("next_nonce", "kept", "mined", "lost"),
    [
        (5, [], 5, 0),
        (5, [3, 4], 3, 0),
        (5, [4], 3, 1),
        (5, [], 3, 2),
        (9, [5, 7], 5, 2),
        (5, [3, 4], 5, 0),  # mined, and not yet forgotten
        (5, [2, 3, 4], 4, 0),
        (5, [], 7, 0),  # another program sends from the account
        (0, [], 0, 0),
    ],
)
def test_a_nonce_is_lost_if_it_is_neither_mined_nor_kept(store, next_nonce, kept, mined, lost):
    keep(store, next_nonce, *kept)
    with store.connect() as connection:
        assert gaps(given_out(connection)[ACCOUNT], mined) == lost


def test_an_outbox_that_is_too_long_to_read_is_judged_by_its_newest_entries(store, monkeypatch):
    monkeypatch.setattr("api.telemetry.sampler._NEWEST", 2)
    keep(store, 9, 1, 3, 6, 8)
    with store.connect() as connection:
        assert gaps(given_out(connection)[ACCOUNT], 0) == 1


def access_row(number, interval, time):
    return {
        "number": number,
        "bank": MEMBER,
        "time": time,
        "leaf": bytes([number]) * 32,
        "head": b"",
        "data_key": b"",
        "sealed": b"",
        "interval": interval,
    }


def interval(number, start):
    blobs = dict.fromkeys(
        ("member", "root", "filling", "before", "after", "tally_salt", "batch_root", "previous_root", "signature"), b""
    )
    return {"number": number, "since": 0, "until": 0, "row_count": 0, "start": start, **blobs}


def batch(member, number, start):
    return {
        "member": member,
        "number": number,
        "root": b"",
        "size": 1,
        "previous_root": b"",
        "supersedes": "",
        "signature": b"",
        "start": start,
    }


def job(number, state):
    return {
        "id": str(number),
        "member": MEMBER,
        "schema": "x",
        "format": "csv",
        "sequence": number,
        "state": state,
        "data_key": b"",
        "created_at": 1_000 + number,
    }


def hook(member, delivered, state):
    return {
        "member": member,
        "url": "",
        "data_key": b"",
        "sealed": b"",
        "before_until": 0,
        "delivered": delivered,
        "state": state,
        "attempts": 0,
        "next_at": 0,
    }


def notice(number, recipient):
    return {
        "number": number,
        "id": str(number),
        "recipient": recipient,
        "kind": "",
        "time": 100 + number,
        "data": "",
        "source": bytes([number]),
    }


def test_what_waits_is_counted_and_the_oldest_of_it_dated(store):
    with store.begin() as connection:
        connection.execute(insert(chain_cursor).values(id=1, next_block=7))
        connection.execute(insert(table.access_interval), [interval(1, 5), interval(2, None)])
        connection.execute(
            insert(table.access_row), [access_row(1, 1, 10), access_row(2, None, 20), access_row(3, None, 30)]
        )
        connection.execute(insert(table.batch), [batch(MEMBER, 1, 0), batch(MEMBER, 2, None), batch(OTHER, 1, None)])
        connection.execute(
            insert(table.job), [job(1, "done"), job(2, "running"), job(3, "queued"), job(4, "queued"), job(5, "failed")]
        )
        connection.execute(insert(webhook), [hook(MEMBER, 1, "failing"), hook(OTHER, 0, "stopped")])
        connection.execute(insert(notification), [notice(n, MEMBER) for n in (1, 2, 3)] + [notice(4, OTHER)])
    with store.connect() as connection:
        seen = read_backlog(connection, [MEMBER])
    assert (seen.next_block, seen.access_rows, seen.oldest_access_row) == (7, 2, 20)
    assert (seen.batches, seen.intervals) == (1, 1)
    assert (seen.jobs, seen.oldest_job) == ({"receiving": 0, "queued": 2, "running": 1}, 1_002)
    assert seen.webhooks == {"active": 0, "failing": 1, "stopped": 1}
    assert (seen.notices, seen.oldest_notice) == (2, 102)


def test_a_new_store_has_nothing_waiting(store):
    with store.connect() as connection:
        seen = read_backlog(connection, [MEMBER])
    assert (seen.next_block, seen.access_rows, seen.oldest_access_row, seen.oldest_job) == (0, 0, None, None)


def test_counting_stops_where_it_would_become_work(store, monkeypatch):
    assert MOST == 10_000
    monkeypatch.setattr("api.telemetry.backlog.MOST", 2)
    with store.begin() as connection:
        connection.execute(insert(table.access_row), [access_row(number, None, 1) for number in range(1, 6)])
    with store.connect() as connection:
        assert read_backlog(connection, []).access_rows == 2


def test_no_look_at_the_store_reads_a_whole_table(store, monkeypatch):
    statements = []
    with store.connect() as connection:
        plain = connection.execute

        def execute(query, *args):
            compiled = query.compile(connection, compile_kwargs={"literal_binds": False})
            statements.append((str(compiled), compiled.params))
            return plain(query, *args)

        monkeypatch.setattr(connection, "execute", execute)
        read_backlog(connection, [MEMBER])
        given_out(connection)
        for text, params in statements:
            numbered = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN " + text, tuple(params[name] for name in params)
            ).all()
            for row in numbered:
                # one row each, a row a member, a row an account; anything else goes by an index
                small = ("chain_cursor", "webhook", "outbox_account", "anon_1")
                assert "USING" in row.detail or row.detail.endswith(small) or not row.detail.startswith("SCAN"), row


def test_a_write_that_the_store_refuses_counts_until_one_succeeds(store):
    def write(pages, *statements):
        with store.begin() as connection:
            # refuses as a full disk does: more pages than there are cannot be had
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for statement in statements:
                connection.exec_driver_sql(statement)

    assert not store.refuses_writes
    with pytest.raises(StoreError):
        write(1, "CREATE TABLE large (content BLOB)", "INSERT INTO large VALUES (randomblob(1000000))")
    assert store.refuses_writes
    with store.connect() as connection:
        connection.execute(chain_cursor.select()).all()
    assert store.refuses_writes
    write(1_073_741_823, "CREATE TABLE large (content BLOB)")
    assert not store.refuses_writes


def test_a_write_that_fails_by_its_own_fault_says_nothing_of_the_store(store):
    row = {"id": 1, "next_block": 7}
    with store.begin() as connection:
        connection.execute(insert(chain_cursor).values(row))
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(insert(chain_cursor).values(row))
    assert not store.refuses_writes
