"""A home says where its store is, and no command opens another one, or makes an empty one in its place (L10)."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import inspect
from typer.testing import CliRunner

from api.cli.main import app
from api.home.home import Home
from api.home.settings import environment_of_child
from api.instance.embedded import found_instance
from api.instance.store_place import FILE, Addresses, known_place, open_home_store
from api.instance.wiring import open_instance
from api.storage.database import find_database, open_store
from ledger_node.domain.error import InvalidInputError

NAMES = ("CREDENCE_DATABASE_URL", "CREDENCE_KEYS_URL")


@pytest.fixture(scope="module")
def shared(postgres, tmp_path_factory):
    """A home whose store and key ledger are in PostgreSQL, and their addresses."""
    home = Home(tmp_path_factory.mktemp("shared") / "credence")
    urls = (postgres.database(), postgres.database())
    found_instance(home, database_url=urls[0], keys_url=urls[1])
    return home, urls


@pytest.fixture(scope="module")
def filed(tmp_path_factory):
    """A home whose store and key ledger are in its folder."""
    home = Home(tmp_path_factory.mktemp("filed") / "credence")
    found_instance(home)
    return home


@pytest.fixture
def credence(monkeypatch):
    """Run the command line in this process with the two variables."""

    def run(home, *arguments, urls=(None, None)):
        for name, url in zip(NAMES, urls, strict=True):
            monkeypatch.delenv(name, raising=False) if url is None else monkeypatch.setenv(name, url)
        return CliRunner().invoke(app, [*(str(one) for one in arguments), "--home", str(home.path)])

    return run


def serve(home, urls=(None, None)):
    command = [sys.executable, "-m", "api.cli.main", "serve", "--port", "0", "--rpc-url", "http://127.0.0.1:1"]
    command += ["--log-format", "text", "--home", str(home.path)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment_of_child(*urls)
    )
    return SimpleNamespace(exit_code=ended.returncode, stderr=ended.stderr)


def files(home):
    return {str(path.relative_to(home.path)) for path in home.path.rglob("*")}


def tables(url):
    with closing(psycopg.connect(url)) as connection:
        return {name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'")}


def identities(url):
    with closing(psycopg.connect(url)) as connection:
        return connection.execute("SELECT * FROM store_identity").fetchall()


def refusal(done, reason):
    assert done.exit_code == (2 if reason == "configuration" else 4), done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "refused" in line]
    assert line.startswith(f"refused {reason}: "), line
    return line


def commands(tmp_path):
    """Return every command that opens the store of a home."""
    out = ["--out", tmp_path / "out.age", "--keys", tmp_path / "copy", "--recipient", RECIPIENT]
    return {
        "backup": ("backup", *out),
        "backup-keys": ("backup-keys", "--keys", tmp_path / "copy"),
        "version": ("store", "version"),
        "upgrade": ("store", "upgrade"),
        "downgrade": ("store", "downgrade", "--to", "0002"),
        "quarantine": ("store", "quarantine", "list"),
    }


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
COMMANDS = pytest.mark.parametrize(
    "command", ["serve", "backup", "backup-keys", "version", "upgrade", "downgrade", "quarantine"]
)


def run_any(credence, tmp_path, home, command, urls):
    if command == "serve":
        return serve(home, urls)
    return credence(home, *commands(tmp_path)[command], urls=urls)


def test_l10_a_home_says_where_its_store_is_and_shows_no_address(shared, filed):
    home, urls = shared
    place = known_place(home)
    assert (place.kind, known_place(filed).kind) == ("postgresql", "file")
    assert len({place.store, place.keys, known_place(filed).store, known_place(filed).keys}) == 4
    text = (home.path / FILE).read_text()
    assert set(json.loads(text)) == {"kind", "store", "keys"}
    assert not any(part in text for url in urls for part in (url, url.rpartition("/")[2], "owner"))
    assert not {"store.sqlite3", "keys.sqlite3"} & files(home)


@COMMANDS
def test_l10_a_home_in_postgresql_without_its_variables_is_refused_and_no_file_is_made(
    credence, shared, tmp_path, command
):
    home, _ = shared
    before = files(home)
    words = refusal(run_any(credence, tmp_path, home, command, (None, None)), "store_mismatch")
    assert all(name in words for name in NAMES)
    assert files(home) == before
    assert list(tmp_path.iterdir()) == []


@COMMANDS
@pytest.mark.parametrize("missing", [0, 1])
def test_l10_one_variable_of_the_two_is_refused_and_the_other_one_named(credence, shared, tmp_path, command, missing):
    home, urls = shared
    before = files(home)
    given = [url if number != missing else None for number, url in enumerate(urls)]
    words = refusal(run_any(credence, tmp_path, home, command, given), "configuration")
    assert f"{NAMES[missing]} is not" in words
    assert files(home) == before


@COMMANDS
def test_l10_a_home_in_its_folder_does_not_take_databases(credence, filed, postgres, tmp_path, command):
    urls = (postgres.database(), postgres.database())
    refusal(run_any(credence, tmp_path, filed, command, urls), "store_mismatch")
    assert tables(urls[0]) == tables(urls[1]) == set()


@COMMANDS
def test_l10_an_empty_database_is_not_the_store_and_stays_empty(credence, shared, postgres, tmp_path, command):
    home, urls = shared
    empty = postgres.database()
    words = refusal(run_any(credence, tmp_path, home, command, (empty, urls[1])), "store_mismatch")
    assert "CREDENCE_DATABASE_URL" in words
    assert tables(empty) == set()


@COMMANDS
def test_l10_another_store_of_the_same_network_is_refused(credence, shared, postgres, tmp_path, command):
    """A copy of the database, as a restore of the server's own dump makes one, has the identity; a new one has not."""
    home, urls = shared
    other = postgres.database()
    open_store(None, other).dispose()
    before = identities(other)
    refusal(run_any(credence, tmp_path, home, command, (other, urls[1])), "store_mismatch")
    assert identities(other) == before


@COMMANDS
def test_l10_another_key_ledger_is_refused_and_nothing_is_made_in_it(credence, shared, postgres, tmp_path, command):
    home, urls = shared
    empty = postgres.database()
    words = refusal(run_any(credence, tmp_path, home, command, (urls[0], empty)), "key_ledger_mismatch")
    assert "key ledger" in words
    assert tables(empty) == set()


@COMMANDS
@pytest.mark.parametrize(("gone", "reason"), [("store", "store_mismatch"), ("keys", "key_ledger_mismatch")])
def test_l10_a_file_that_is_gone_is_not_made_anew(credence, filed, tmp_path, command, gone, reason):
    home = Home(tmp_path / "copy-of-home")
    shutil.copytree(filed.path, home.path)
    for path in home.path.glob(f"{gone}.sqlite3*"):
        path.unlink()
    (tmp_path / "elsewhere").mkdir()
    before = files(home)
    refusal(run_any(credence, tmp_path / "elsewhere", home, command, (None, None)), reason)
    assert not [path for path in home.path.glob(f"{gone}.sqlite3") if path.exists()]
    # what is beside the other file comes and goes as it is opened
    assert {name for name in files(home) - before if not name.endswith(("-wal", "-shm", ".lock"))} == set()


def test_l10_the_file_of_another_home_is_refused(credence, filed, tmp_path):
    home, other = Home(tmp_path / "one"), Home(tmp_path / "two")
    shutil.copytree(filed.path, home.path)
    found_instance(other)
    shutil.copy(other.store, home.store)
    refusal(credence(home, "store", "version"), "store_mismatch")
    refusal(serve(home), "store_mismatch")


@pytest.mark.parametrize("missing", [0, 1])
def test_l10_init_takes_no_single_variable_and_makes_nothing(credence, postgres, tmp_path, missing):
    home, urls = Home(tmp_path / "home"), [postgres.database(), postgres.database()]
    given = [url if number != missing else None for number, url in enumerate(urls)]
    words = refusal(credence(home, "init", urls=given), "configuration")
    assert f"{NAMES[missing]} is not" in words
    assert list(tmp_path.iterdir()) == []
    assert tables(urls[0]) == tables(urls[1]) == set()


@pytest.mark.parametrize("used", [0, 1])
def test_l10_init_takes_no_database_of_somebody_else(credence, shared, postgres, tmp_path, used):
    home, urls = Home(tmp_path / "home"), [postgres.database(), postgres.database()]
    urls[used] = shared[1][used]
    words = refusal(credence(home, "init", urls=urls), "configuration")
    assert NAMES[used] in words
    assert list(tmp_path.iterdir()) == []
    assert tables(urls[1 - used]) == set()


def test_l10_the_right_variables_open_the_store_of_the_home(credence, shared):
    home, urls = shared
    assert credence(home, "store", "version", urls=urls).exit_code == 0
    store = open_home_store(home, Addresses(*urls))
    assert store.kind == "postgresql"
    store.dispose()


def test_l10_an_upgrade_of_a_home_from_before_it_said_so_notes_its_store(credence, filed, tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(filed.path, home.path)
    assert credence(home, "store", "downgrade", "--to", "0003").exit_code == 0
    (home.path / FILE).unlink()
    refusal(serve(home), "configuration")
    assert credence(home, "store", "upgrade").exit_code == 0
    place = known_place(home)
    assert place.keys == known_place(filed).keys
    assert place.store != known_place(filed).store
    open_home_store(home, Addresses(None, None)).dispose()


def test_l10_an_upgrade_does_not_note_a_store_of_another_network(credence, shared, filed, tmp_path):
    home, urls = Home(tmp_path / "home"), shared[1]
    shutil.copytree(filed.path, home.path)
    (home.path / FILE).unlink()
    store = find_database(None, urls[0])
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM network")
        connection.exec_driver_sql("INSERT INTO network (row, chain_id, genesis) VALUES (1, 7, decode('00', 'hex'))")
    try:
        refusal(credence(home, "store", "upgrade", urls=urls), "store_mismatch")
    finally:
        with store.begin() as connection:
            connection.exec_driver_sql("DELETE FROM network")
        store.dispose()
    assert not (home.path / FILE).exists()


def test_l10_what_lies_in_the_place_of_the_note_is_refused(credence, filed, tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(filed.path, home.path)
    (home.path / FILE).write_text(json.dumps({"kind": "oracle", "store": "0x" + "00" * 16, "keys": "0x" + "00" * 16}))
    refusal(credence(home, "store", "version"), "configuration")


def test_l10_an_instance_is_not_opened_on_an_empty_database(shared, postgres):
    home, urls = shared
    with pytest.raises(InvalidInputError) as refused:
        open_instance(home, ["http://127.0.0.1:1"], processes=1, database_url=postgres.database(), keys_url=urls[1])
    assert refused.value.reason == "store_mismatch"


def test_l10_a_restored_store_is_another_one_and_its_home_knows_it(credence, filed, postgres, tmp_path):
    """From files into PostgreSQL."""
    identity, copy, out = tmp_path / "identity", tmp_path / "copy", tmp_path / "out.age"
    made = CliRunner().invoke(app, ["backup-identity", "--out", str(identity)])
    recipient = made.stdout.strip()
    done = credence(filed, "backup", "--out", out, "--keys", copy, "--recipient", recipient)
    assert done.exit_code == 0, done.stderr
    options = ["restore", out, "--keys", copy, "--identity", identity, "--passphrase-file", filed.path / "passphrase"]
    urls, home = (postgres.database(), postgres.database()), Home(tmp_path / "home")
    refusal(credence(home, *options, urls=(urls[0], None)), "configuration")
    assert not home.path.exists()
    done = credence(home, *options, urls=urls)
    assert done.exit_code == 0, done.stderr
    place, before = known_place(home), known_place(filed)
    assert place.kind == "postgresql"
    assert place.keys == before.keys
    assert place.store != before.store
    assert credence(home, "store", "version", urls=urls).exit_code == 0
    refusal(credence(home, "store", "version"), "store_mismatch")


def test_l10_every_store_has_an_identity_of_its_own(tmp_path, database_url):
    seen = set()
    for number in range(2):
        store = open_store(tmp_path / f"{number}.sqlite3", database_url if number == 0 else None)
        with store.connect() as connection:
            assert "store_identity" in inspect(connection).get_table_names()
            seen.update(connection.exec_driver_sql("SELECT id FROM store_identity").scalars())
        store.dispose()
    assert len(seen) == 2
