"""A PostgreSQL server of the tests' own: on a socket in a folder of its own, ended with them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

PATIENCE_S = 60


def programs():
    """Return the folder of the server's programs, or None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    return None if beside is None else Path(beside).parent


class Server:
    """A server. Unless it is ``durable``, it does not wait for the disk."""

    def __init__(self, *, durable=False):
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="credence-pg-"))
        self._durable = durable
        self._child = None
        self._databases = 0
        # the server refuses to run as root
        self._user = {"user": _unprivileged(), "extra_groups": []} if os.getuid() == 0 else {}
        if self._user:
            shutil.chown(self._folder, self._user["user"])
        self._run("initdb", "-D", self._folder / "data", "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self):
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
            "fsync": "on" if self._durable else "off",
            "max_wal_size": "256MB",
        }
        command = [self._programs / "postgres", "-D", self._folder / "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._user)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert self._child.poll() is None, (self._folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def stop(self, how=signal.SIGINT):
        """End the server: SIGINT lets it end in order, SIGQUIT is a crash."""
        self._child.send_signal(how)
        self._child.wait(PATIENCE_S)

    def close(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def execute(self, statement, database="postgres"):
        """Run one statement as the owner of everything, and return its rows, if it has any."""
        with psycopg.connect(host=str(self._folder), dbname=database, user="owner", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def database(self):
        """Make an empty database, and return its address."""
        self._databases += 1
        name = f"store_{self._databases}"
        # made from the empty template, which is cheaper than from the usual one
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return self.url(name)

    def url(self, database):
        return f"postgresql://owner@/{database}?host={self._folder}"

    def _run(self, program, *arguments):
        subprocess.run([self._programs / program, *arguments], check=True, capture_output=True, **self._user)


_running = []
_chosen = []


def the_server():
    """Return the server that all tests of this process use, started for the first one."""
    if not _running:
        _running.append(Server())
    return _running[0]


def end_the_server():
    while _running:
        _running.pop().close()


def choose(store):
    """Say where stores of tests are that do not care: ``sqlite`` or ``postgres``."""
    _chosen[:] = [store]


def usual_database():
    """Return the address of a fresh database where tests are to run on PostgreSQL, and None where they are not."""
    return the_server().database() if _chosen == ["postgres"] else None


def _unprivileged():
    for name in ("postgres", "nobody"):
        if subprocess.run(["id", name], check=False, capture_output=True).returncode == 0:
            return name
    raise AssertionError("there is no user 'nobody' to run the database server as")
