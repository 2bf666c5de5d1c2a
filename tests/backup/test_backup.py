"""Backing up while everything goes on, and being killed while it is done."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from api.backup.archive import identities_of, new_identity, recipient_of
from api.backup.content import FORMAT, Manifest, format_entry, require_format
from api.backup.make import Source, make_backup
from api.backup.restore import Copies, Target, restore
from api.backup.table_dump import dump_tables, load_portion, store_tables
from api.home.home import Home
from api.home.settings import environment_of_child
from api.instance.chain_copy import Head
from api.instance.embedded import chain_moment_of, place_chain
from api.storage.database import open_store
from api.storage.migration.schema import STORE
from api.vault.key_ledger import new_key_ledger, open_key_ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.randomness import random_bytes
from tests.kit.backup import GOOD, Life, decrypted, inside, rows_of
from tests.kit.chaos.place import People
from tests.kit.served import seen

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    made = Life(tmp_path_factory.mktemp("backup"))
    yield made
    made.close()


def sent_by(home):
    """Return how many transactions of each sender a chain file holds."""
    with contextlib.closing(sqlite3.connect(home.chain)) as chain:
        return Counter(bytes(sender) for (sender,) in chain.execute("SELECT sender FROM tx"))


def nonces_of(home):
    with contextlib.closing(sqlite3.connect(home.store)) as store:
        return {
            bytes(account): nonce for account, nonce in store.execute("SELECT account, next_nonce FROM outbox_account")
        }


def test_backups_that_are_taken_while_people_work_hold_the_precursor_of_all_that_their_chain_holds(life):
    people = People(life.place, 7)
    backups = []
    try:
        for number in range(3):
            before = len(people.jobs), len(people.granted)
            while len(people.jobs) < before[0] + 2 or len(people.granted) < before[1] + 1:
                assert not people.faults
            acknowledged = dict(people.jobs), set(people.granted)
            backups.append((life.backup(f"busy-{number}.age"), *acknowledged))
    finally:
        people.pause()
        people.end()
    assert people.faults == []
    for number, (backup, jobs, granted) in enumerate(backups):
        path, _ = life.restore(backup, f"busy-{number}")
        home = Home(path)
        nonces = nonces_of(home)
        sent = {sender: count for sender, count in sent_by(home).items() if sender in nonces}
        assert sent
        # every transaction was in the outbox when its nonce was given out, and that is in the copy
        for sender, count in sent.items():
            assert nonces[sender] >= count
        opened = decrypted(life, backup)
        assert jobs.keys() <= {row["id"] for row in rows_of(opened, "job")}
        assert len(granted) <= len(rows_of(opened, "consent"))
    last, (_, jobs, granted) = Home(life.folder / "busy-2"), backups[-1]
    place = life.serve(last.path)
    # nothing of its own chain is unknown to it, and what was acknowledged before is there
    assert "older than the ledger" not in place.served.words()
    for job in jobs:
        assert place.tax.get(f"/v1/jobs/{job}")["schema"] == "tax_payment"
    for consent in granted:
        assert place.bank.get(f"/v1/consents/{consent}")["state"] in {"live", "exhausted", "withdrawn"}
    firm = place.new_taxpayer()
    assert place.ask(place.grant(GOOD, firm=firm), GOOD) == [("holds", None)]
    place.served.stop()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("api.backup.make", "dump_tables"),
        ("api.backup.make", "Manifest.mac"),
        ("api.files.own_file", "Path.hardlink_to"),
    ],
)
def test_a_backup_that_is_killed_leaves_nothing_under_its_name_and_the_next_one_is_whole(life, module, name, tmp_path):
    out, home = tmp_path / "backup.age", life.place.home.path
    options = ["--home", home, "--out", out, "--keys", life.copy, "--recipient", life.recipient]
    assert killed(module, name, "backup", *options) == -9
    assert not out.exists()
    assert inside("backup", *options)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.age"]
    assert rows_of(decrypted(life, out), "attestation")


@pytest.mark.parametrize(
    ("module", "name"),
    [("api.backup.restore", "load_portion"), ("api.backup.restore", "unlink_erased"), ("api.files.own_folder", "sync")],
)
def test_a_restore_that_is_killed_leaves_no_folder_and_the_next_one_makes_it(life, module, name, tmp_path):
    backup, home = life.backup(f"{tmp_path.name}.age"), tmp_path / "home"
    options = [backup, "--keys", life.copy, "--identity", life.identity, "--passphrase-file", life.passphrase]
    assert killed(module, name, "restore", *options, "--home", home) == -9
    assert not home.exists()
    assert inside("restore", *options, "--home", home)[0] == 0
    assert not home.with_name("home.partial").exists()
    with contextlib.closing(sqlite3.connect(home / "store.sqlite3")) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("SELECT count(*) FROM attestation").fetchone()[0] > 0


def killed(module, name, *arguments):
    command = [sys.executable, "-m", "tests.kit.killed", module, name, *(str(argument) for argument in arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, timeout=120, env=environment_of_child(None, None)
    ).returncode


class StoppedError(Exception):
    """Something outside fails."""


def source_of(home, store, keys, **changes):
    return Source(home, store, keys, changes.get("open_chain"), changes.get("refresh_keys", lambda: None))


@pytest.fixture
def quiet(life, tmp_path):
    """The instance's folder as a backup brings it, which nobody serves."""
    path, _ = life.restore(life.backup(f"{tmp_path.name}.age"), tmp_path.name)
    home = Home(path)
    store = open_store(home.store)
    keys = open_key_ledger(home.key_ledger, store)
    yield home, store, keys
    keys.dispose()
    store.dispose()


def test_the_chain_is_read_while_nobody_can_commit_and_what_comes_after_is_in_neither_copy(life, quiet, tmp_path):
    home, store, keys = quiet
    seen_locked = []

    @contextlib.contextmanager
    def open_chain():
        other = sqlite3.connect(home.store, timeout=0)
        with contextlib.closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        seen_locked.append(True)
        with chain_moment_of(home)() as moment:
            yield moment

    def write():
        # keys are copied after the store was let go: a write now succeeds, and the copy must not hold it
        with store.begin() as connection:
            connection.exec_driver_sql("UPDATE outbox_account SET next_nonce = next_nonce + 1000")

    before = nonces_of(home)
    out = tmp_path / "backup"
    source = source_of(home, store, keys, open_chain=open_chain, refresh_keys=write)
    make_backup(source, out, [recipient_of(life.recipient)], now=5)
    assert seen_locked == [True]
    assert set(nonces_of(home).values()) == {nonce + 1000 for nonce in before.values()}
    copied = {row["next_nonce"] for row in rows_of(decrypted(life, out), "outbox_account")}
    assert copied == set(before.values())


def test_blocks_that_come_while_the_chain_is_copied_are_not_in_its_copy(quiet, tmp_path):
    home, _, _ = quiet
    with contextlib.closing(sqlite3.connect(home.chain)) as node:
        node.execute("PRAGMA journal_mode=WAL")  # as a node keeps it
    with chain_moment_of(home)() as moment:
        later = moment.block + 1
        mine(home, later)
        moment.copy_to(tmp_path / "copy")
        assert moment.hash_of(later) is None
    with contextlib.closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT max(number) FROM block").fetchone() == (later - 1,)


def mine(home, number):
    with contextlib.closing(sqlite3.connect(home.chain)) as node:
        node.execute("INSERT INTO block VALUES (?,?,?,?,?)", (number, random_bytes(32), b"", b"", 0))
        node.commit()


def test_what_fails_while_a_backup_is_made_comes_out_as_it_is_and_leaves_no_file(life, quiet, tmp_path):
    home, store, keys = quiet

    def fail():
        raise StoppedError

    with pytest.raises(StoppedError):
        make_backup(
            source_of(home, store, keys, refresh_keys=fail), tmp_path / "out", [recipient_of(life.recipient)], now=5
        )
    assert list(tmp_path.iterdir()) == []


def test_a_backup_has_a_name_of_its_own(life, tmp_path):
    out = tmp_path / "backup"
    out.write_text("an older one")
    options = ["--home", life.place.home.path, "--keys", life.copy, "--recipient", life.recipient]
    for place, words in ((out, "exists already"), (tmp_path / "none" / "backup", "cannot write")):
        code, said = inside("backup", "--out", place, *options)
        assert (code, said.partition(":")[0]) == (2, "refused configuration")
        assert words in said
    assert out.read_text() == "an older one"
    code, said = inside("backup", "--out", tmp_path / "b", "--home", life.place.home.path, "--keys", life.copy)
    assert "say who can open the backup" in said
    code, said = inside("backup", "--out", tmp_path / "b", *options[:2], *options[4:])
    assert "say where the one copy of the keys is" in said
    code, said = inside("backup", "--out", tmp_path / "b", *options[:4], "--recipient", "age1bad")
    assert "a recipient is the age1" in said


def test_a_column_that_this_version_does_not_know_asks_for_a_newer_one(quiet):
    _, store, _ = quiet
    (job,) = [table for table in store_tables() if table.name == "job"]
    with store.begin() as connection, pytest.raises(InvalidInputError) as refused:
        load_portion(connection, job, b'{"id": "x", "a_column_of_tomorrow": 1}\n')
    assert refused.value.reason == "backup_newer_format"


@pytest.mark.parametrize(
    ("opening", "reason"),
    [
        ({"format": "credence-backup/2", "store": STORE.head}, "backup_newer_format"),
        ({"format": FORMAT, "store": "9999"}, "backup_newer_format"),
        ({"format": FORMAT, "store": "0001"}, "store_outdated"),
    ],
)
def test_a_backup_of_another_version_says_which_program_restores_it(opening, reason):
    with pytest.raises(InvalidInputError) as refused:
        require_format(json.dumps(opening).encode())
    assert refused.value.reason == reason
    require_format(b"".join(format_entry().pieces))


def test_a_manifest_is_what_it_was_when_it_is_read_again():
    manifest = Manifest(
        1, random_bytes(32), random_bytes(16), 7, Head(3, random_bytes(32)), {"job": 2}, {"a": bytes(32)}
    )
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    without = Manifest(1, bytes(32), bytes(16), 7, None, {}, {})
    assert Manifest.from_bytes(without.to_bytes()) == without


def all_rows(store):
    with store.connect() as connection:
        counts = {}
        return {entry.name: b"".join(entry.pieces) for entry in dump_tables(connection, counts)}, counts


def test_a_backup_of_a_file_restores_into_postgresql_and_back_row_for_row(life, quiet, postgres, tmp_path):
    home, store, keys = quiet
    url, keys_url = postgres.database(), postgres.database()
    text, recipient = new_identity()

    def to(folder, url, keys_url):
        return Target(
            Home(folder),
            lambda draft: open_store(draft.store, url),
            lambda draft, ledger, version: new_key_ledger(draft.key_ledger, ledger, version, keys_url),
            place_chain,
        )

    def copies(backup):
        return Copies(backup, identities_of(text), life.copy, life.passphrase.read_text().strip(), old_keys=True)

    first, second = tmp_path / "first.age", tmp_path / "second.age"
    make_backup(source_of(home, store, keys), first, [recipient_of(recipient)], now=5)
    restore(copies(first), to(tmp_path / "shared", url, keys_url))
    shared = open_store(tmp_path / "none", url)
    shared_keys = open_key_ledger(tmp_path / "none", shared, keys_url)
    assert all_rows(shared) == all_rows(store)
    with shared.begin() as connection:
        # numbers go on behind those that were loaded
        rejection = "INSERT INTO job_rejection (job, line, reason, message) SELECT id, 1, 'x', 'y' FROM job LIMIT 1"
        rows = connection.exec_driver_sql(rejection + " RETURNING id").all()
    assert rows
    make_backup(source_of(Home(tmp_path / "shared"), shared, shared_keys), second, [recipient_of(recipient)], now=6)
    with pytest.raises(InvalidInputError) as refused:
        restore(copies(second), to(tmp_path / "again", url, keys_url))
    assert "the database is not empty" in str(refused.value)
    restore(copies(second), to(tmp_path / "file", None, None))
    back = open_store(tmp_path / "file" / "store.sqlite3")
    assert all_rows(back) == all_rows(shared)
    with keys.snapshot() as before, open_key_ledger(tmp_path / "file" / "keys.sqlite3", back).snapshot() as after:
        assert {key for key, *_ in after.keys} <= {key for key, *_ in before.keys}
    for one in (back, shared, shared_keys):
        one.dispose()


def test_two_backups_to_one_name_at_once_are_one_and_a_refusal(life, tmp_path):
    out = tmp_path / "one"
    results = []
    options = ["--home", life.place.home.path, "--out", out, "--keys", life.copy, "--recipient", life.recipient]

    def run():
        command = [sys.executable, "-m", "api.cli.main", "backup", *(str(option) for option in options)]
        results.append(
            subprocess.run(command, capture_output=True, check=False, env=environment_of_child(None, None)).returncode
        )

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 2]
    assert rows_of(decrypted(life, out), "attestation")
    assert seen(life.place.verify(life.place.grant(GOOD), [GOOD])) == [("holds", None)]
