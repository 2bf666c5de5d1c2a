"""``credence store``: looking at versions and changing them, and what ``serve`` says of a store that it cannot take."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli.main import app
from api.home.home import Home
from api.home.settings import environment_of_child
from api.instance.embedded import found_instance
from api.services.reconciliation.network_binding import require_network
from api.storage.database import find_database, open_store
from api.storage.migration.schema import KEYS, STORE
from api.storage.migration.version import move, version_of
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

CANARY = "geheim-7f3a"
KILLED = """
import sys, time
from pathlib import Path
from api.storage.database import find_database
from api.storage.migration import version
from api.storage.migration.schema import STORE
run = version._run
def slow(*arguments):
    run(*arguments)
    print("moved", flush=True)
    time.sleep(600)
version._run = slow
version.move(find_database(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None), STORE, STORE.head)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = Home(tmp_path_factory.mktemp("versions") / "credence")
    found_instance(made)
    return made


@pytest.fixture
def credence(home, monkeypatch):
    """Runs the command line in this process, which is quicker than one of its own."""

    def run(*arguments, folder=None, urls=(None, None)):
        for name, url in zip(("CREDENCE_DATABASE_URL", "CREDENCE_KEYS_URL"), urls, strict=True):
            monkeypatch.delenv(name, raising=False) if url is None else monkeypatch.setenv(name, url)
        return CliRunner().invoke(app, [*arguments, "--home", str((folder or home).path)])

    return run


SERVE = (sys.executable, "-m", "api.cli.main", "serve", "--port", "0", "--rpc-url", "http://127.0.0.1:1")


def serve(home, urls=(None, None)):
    """Run ``credence serve`` in a process of its own, since it sets up the log of its process."""
    command = [*SERVE, "--log-format", "text", "--home", str(home.path)]
    environment = environment_of_child(*urls)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    return SimpleNamespace(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr, exception=None)


VERSION = ("store", "version", "--json")


def test_a_store_goes_down_is_refused_by_serve_and_comes_up_again(credence, home):
    assert json.loads(credence(*VERSION).stdout)["store"] == {"version": STORE.head, "head": STORE.head}
    down = json.loads(credence("store", "downgrade", "--to", "0001", "--json").stdout)
    assert down["store"] == {"before": STORE.head, "version": "0001"}
    refused = serve(home)
    assert refused.exit_code == 4
    (line,) = refused.stderr.strip().splitlines()
    assert line == (
        f"refused store_outdated: the store is of version 0001 and this program needs {STORE.head}; "
        "run: credence backup, then: credence store upgrade"
    )
    up = json.loads(credence("store", "upgrade", "--json").stdout)
    assert up == {
        "store": {"before": "0001", "version": STORE.head},
        "keys": {"before": "base", "version": KEYS.head},
    }
    again = json.loads(credence("store", "upgrade", "--json").stdout)
    assert again["store"] == {"before": STORE.head, "version": STORE.head}


def test_a_newer_store_is_refused(credence, home):
    database = find_database(home.store)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    try:
        for refused in (serve(home), credence("store", "upgrade")):
            assert refused.exit_code == 4
            assert "refused store_newer" in refused.stderr
    finally:
        with database.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": STORE.head})
        database.dispose()


@pytest.mark.parametrize("to", ["base", "0999"])
def test_there_is_nothing_before_the_first_version_and_none_after_the_last(credence, to):
    refused = credence("store", "downgrade", "--to", to)
    assert refused.exit_code == 2
    assert "refused configuration" in refused.stderr
    assert json.loads(credence(*VERSION).stdout)["store"]["version"] == STORE.head


def test_a_second_process_on_one_folder_is_refused_in_one_line(credence, home):
    first = open_store(home.store)
    first.locks.join()
    try:
        for refused in (serve(home), credence("store", "upgrade")):
            assert refused.exit_code == 3
            (line,) = refused.stderr.strip().splitlines()
            assert line.startswith("refused store_in_use: another process works with")
    finally:
        first.dispose()


def test_a_folder_without_a_store_has_no_version(credence, tmp_path):
    refused = credence("store", "version", folder=Home(tmp_path))
    assert refused.exit_code == 4
    assert "there is no store" in refused.stderr


def test_a_store_in_postgresql_needs_its_key_ledger_there_too(postgres, home):
    refused = serve(home, urls=(postgres.database(), None))
    assert refused.exit_code == 2
    assert "CREDENCE_KEYS_URL" in refused.stderr


def test_no_output_shows_a_password(credence, home):
    urls = (f"postgresql://u:{CANARY}@127.0.0.1:1/x", f"postgresql://u:{CANARY}@127.0.0.1:1/y")
    for output in (
        serve(home, urls=urls),
        credence("store", "version", urls=urls),
        credence("store", "upgrade", urls=(f"mysql://u:{CANARY}@127.0.0.1:1/x", None)),
        credence("serve", "--help", urls=urls),
        credence("store", "--help", urls=urls),
    ):
        assert CANARY not in output.stdout + output.stderr
        assert output.exception is None or isinstance(output.exception, SystemExit)


def test_kill_9_amid_an_upgrade_leaves_the_old_version_whole(tmp_path, database_url):
    path = tmp_path / "store.sqlite3"
    database = find_database(path, database_url)
    move(database, STORE, "0002")
    arguments = [str(path)] + ([] if database_url is None else [database_url])
    child = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"moved\n"
    child.kill()
    child.wait()
    child.stdout.close()
    with database.connect() as connection:
        assert version_of(connection, STORE) == "0002"
    assert move(database, STORE, STORE.head) == ("0002", STORE.head)
    database.dispose()


def test_a_store_of_another_network_is_refused(home, tmp_path):
    """An address that names the wrong database must not mix up two networks."""
    store, book = open_store(tmp_path / "store.sqlite3"), home.address_book()
    require_network(store, book)
    require_network(store, book)
    for other in (replace(book, genesis=bytes(32)), replace(book, chain_id=book.chain_id + 1)):
        with pytest.raises(InvalidInputError) as refused:
            require_network(store, other)
        assert refused.value.reason is Reason.CONFIGURATION
    store.dispose()
