"""``credence store``: looking at versions and changing them, and what ``serve`` says of a store that it cannot take."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from api.cli.node import found_instance
from api.home import Home
from api.settings import environment_of_child
from api.storage.database import find_database, open_store
from api.storage.migration.schema import KEYS, STORE
from api.storage.migration.version import move, version_of

COMMAND = (sys.executable, "-m", "api.cli.main")
SECRET = "geheim-7f3a"
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


def credence(home, *arguments, urls=(None, None)):
    command = [*COMMAND, *arguments, "--home", str(home.path)]
    environment = environment_of_child(*urls)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)


def versions(home, **options):
    return json.loads(credence(home, "store", "version", "--json", **options).stdout)


def serve(home, **options):
    return credence(home, "serve", "--port", "0", "--rpc-url", "http://127.0.0.1:1", **options)


def test_a_store_goes_down_is_refused_by_serve_and_comes_up_again(home):
    assert versions(home)["store"] == {"version": STORE.head, "head": STORE.head}
    down = json.loads(credence(home, "store", "downgrade", "--to", "0001", "--json").stdout)
    assert down["store"] == {"before": STORE.head, "version": "0001"}
    refused = serve(home)
    assert refused.returncode == 2
    (line,) = refused.stderr.strip().splitlines()
    assert line == (
        f"refused store_outdated: the store is of version 0001 and this program needs {STORE.head}; "
        "run: credence backup, then: credence store upgrade"
    )
    up = json.loads(credence(home, "store", "upgrade", "--json").stdout)
    assert up == {
        "store": {"before": "0001", "version": STORE.head},
        "keys": {"before": "base", "version": KEYS.head},
    }
    again = json.loads(credence(home, "store", "upgrade", "--json").stdout)
    assert again["store"] == {"before": STORE.head, "version": STORE.head}


def test_a_newer_store_is_refused(home):
    database = find_database(home.store)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    try:
        for refused in (serve(home), credence(home, "store", "upgrade")):
            assert refused.returncode == 2
            assert "refused store_newer" in refused.stderr
    finally:
        with database.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": STORE.head})
        database.dispose()


@pytest.mark.parametrize("to", ["base", "0999"])
def test_there_is_nothing_before_the_first_version_and_none_after_the_last(home, to):
    refused = credence(home, "store", "downgrade", "--to", to)
    assert refused.returncode == 2
    assert "refused configuration" in refused.stderr
    assert versions(home)["store"]["version"] == STORE.head


def test_a_second_process_on_one_folder_is_refused_in_one_line(home):
    first = open_store(home.store)
    first.turns.join()
    try:
        for refused in (serve(home), credence(home, "store", "upgrade")):
            assert refused.returncode == 2
            (line,) = refused.stderr.strip().splitlines()
            assert line.startswith("refused store_in_use: another process works with")
    finally:
        first.dispose()


def test_a_folder_without_a_store_has_no_version(tmp_path):
    refused = credence(Home(tmp_path), "store", "version")
    assert refused.returncode == 2
    assert "there is no store" in refused.stderr


def test_a_store_in_postgresql_needs_its_key_ledger_there_too(home, postgres):
    refused = serve(home, urls=(postgres.database(), None))
    assert refused.returncode == 2
    assert "CREDENCE_KEYS_URL" in refused.stderr


def test_no_output_shows_a_password(home):
    urls = (f"postgresql://u:{SECRET}@127.0.0.1:1/x", f"postgresql://u:{SECRET}@127.0.0.1:1/y")
    for output in (
        serve(home, urls=urls),
        credence(home, "store", "version", urls=urls),
        credence(home, "store", "upgrade", urls=(f"mysql://u:{SECRET}@127.0.0.1:1/x", None)),
        credence(home, "serve", "--help", urls=urls),
        credence(home, "store", "--help", urls=urls),
    ):
        assert SECRET not in output.stdout + output.stderr
        assert "Traceback" not in output.stderr


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
