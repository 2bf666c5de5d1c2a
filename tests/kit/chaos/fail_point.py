"""Commit points, and death at them: hooks in the process that is tried, none of them in its code.

A commit point is a moment at which something becomes durable, or visible to others: a commit of any engine of
SQLAlchemy, a block in the chain file, a transaction on its way to a node, an answer on its way to a caller, a message
to a webhook, a file that takes its name. Each is passed twice, ``before`` and ``after``. What a point is called says
where in the code it is, by the functions on the stack, so that a new one is found without anybody listing it.
"""

import os
import re
import signal
import sqlite3
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]
WHERE = (
    "api/services/",
    "api/sign_in/",
    "api/storage/outbox",
    "api/instance/wiring",
    "api/cli/",
    "ledger_node/chain/web3_ledger",
)
"""Whose functions name a point: what they call is the same everywhere."""
SENDING = b"eth_sendRawTransaction"
IDS = re.compile(r"0x[0-9a-f]{64}|[0-9a-f]{32}|(?<=/)[0-9]+(?=/|$)")
ALSO_API = " + api"
PACE_S = 0.05
"""The beat of what happens by itself in the background, which is a second elsewhere."""


class Points:
    """The points of one life of a process. The files ``tape`` and ``armed`` tie it to whoever watches.

    While ``armed`` exists, or the process is still starting, every point that is passed is written on the tape, and one
    that is not ``known`` ends the process; ``armed`` is gone then. With ``every``, a point is another one each time it
    is passed within the step that ``armed`` names; else the same place in the code is one point. ``only``: which names.
    With ``full`` nobody dies: the commit fails there, as on a full disk, and so does the next one that is new.
    """

    def __init__(self, task):
        self._tape = os.open(task["tape"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._armed = Path(task["armed"])
        self._known = None if task["known"] is None else set(task["known"])
        self._every = task["every"]
        self._only = re.compile(task["only"])
        self._full = task["full"]
        self._label = ""
        self._passed = Counter()
        self._guard = threading.Lock()
        self.starting = task["starting"]

    def passed(self, name, *, twice=False):
        """Pass a point, or die at it. ``twice``: there are two deaths here, alone and with the API.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        if self._known is None:
            return
        with self._guard:
            label = self._read_label()
            if (label is None and not self.starting) or not self._only.match(name):
                return
            key = self._key(name, label)
            os.write(self._tape, f"P {key}\n".encode())
            for one in (key, key + ALSO_API)[: 1 + twice]:
                if one not in self._known:
                    self._end(one)

    def _end(self, key):
        self._known.add(key)
        os.write(self._tape, f"K {key}\n".encode())
        if self._full:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise error
        with suppress(FileNotFoundError):
            self._armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)

    def _read_label(self):
        try:
            return self._armed.read_text("utf-8")
        except FileNotFoundError:
            return None

    def _key(self, name, label):
        if not self._every:
            return name
        if label is not None and label != self._label:
            self._label = label
            self._passed.clear()
        self._passed[name] += 1
        return f"{self._label.partition('/')[0]} | {name} | {self._passed[name]}"


def where():
    """Return the functions of ours on the stack, the innermost first."""
    names = []
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        if file.startswith(WHERE):
            name = f"{Path(file).stem}.{frame.f_code.co_name}"
            if not names or names[-1] != name:
                names.append(name)
        frame = frame.f_back
    return " < ".join(names)


def watch_commits(points):
    """Every commit of every engine of SQLAlchemy, whatever its database."""
    from sqlalchemy.engine.default import DefaultDialect

    real = DefaultDialect.do_commit

    def do_commit(self, connection):
        name = f"commit {where()}"
        points.passed(f"{name} before")
        real(self, connection)
        points.passed(f"{name} after")

    DefaultDialect.do_commit = do_commit


def watch_sends(points):
    """Every transaction that goes to a node, and every node's answer to one."""
    from urllib3.connectionpool import HTTPConnectionPool

    real = HTTPConnectionPool.urlopen

    def urlopen(self, method, url, body=None, *args, **options):
        if body is None or SENDING not in body:
            return real(self, method, url, body, *args, **options)
        name = f"send {where()}"
        points.passed(f"{name} before")
        answer = real(self, method, url, body, *args, **options)
        points.passed(f"{name} after")
        return answer

    HTTPConnectionPool.urlopen = urlopen


def watch_webhooks(points):
    """Every message to a webhook."""
    import httpx

    real = httpx.AsyncClient.send

    async def send(self, *args, **options):
        points.passed("webhook before")
        answer = await real(self, *args, **options)
        points.passed("webhook after")
        return answer

    httpx.AsyncClient.send = send


def watch_files(points, home):
    """Every file of the home that takes its name."""
    real = os.replace

    def replace(old, new, **options):
        if Path(new).parent != home:
            return real(old, new, **options)
        points.passed(f"file {Path(new).name} before")
        real(old, new, **options)
        return points.passed(f"file {Path(new).name} after")

    os.replace = replace


def watch_answers(points):
    """Every answer to a request that may have an effect, before it leaves and when it has left."""
    import api.http.app

    real = api.http.app.create_app

    def create_app(*args, **options):
        app = real(*args, **options)

        async def watched(scope, receive, send):
            name = f"answer {scope.get('method')} {IDS.sub('*', scope.get('path', ''))}"
            counts = scope["type"] == "http" and scope["method"] not in {"GET", "HEAD", "OPTIONS"}

            async def passing(message):
                last = message["type"] == "http.response.body" and not message.get("more_body", False)
                if counts and last:
                    points.passed(f"{name} before")
                await send(message)
                if counts and last:
                    points.passed(f"{name} after")
                if message["type"] == "lifespan.startup.complete":
                    points.starting = False

            await app(scope, receive, passing)

        return watched

    api.http.app.create_app = create_app


def watch_blocks(points):
    """Every write to the chain file; a block is called by what its transactions call."""
    from ledger_node.node.embedded.store import Store

    calls = threading.local()
    real_connect, real_block = sqlite3.connect, Store.write_block

    class Watched(sqlite3.Connection):
        def execute(self, sql, *args):
            verb = sql.split(maxsplit=1)[0].upper()
            alone = verb in {"INSERT", "UPDATE", "DELETE"} and not self.in_transaction
            if verb != "COMMIT" and not alone:
                return super().execute(sql, *args)
            name = f"block {getattr(calls, 'names', verb)}"
            points.passed(f"{name} before", twice=True)
            answer = super().execute(sql, *args)
            points.passed(f"{name} after", twice=True)
            return answer

    def write_block(self, block, nodes, transactions, logs):
        calls.names = ", ".join(sorted({_called(row.raw) for row in transactions}))
        return real_block(self, block, nodes, transactions, logs)

    sqlite3.connect = lambda *args, **options: real_connect(*args, **options, factory=Watched)
    Store.write_block = write_block


def _called(raw):
    from eth.vm.forks.cancun.transactions import CancunTransactionBuilder

    from ledger_node.chain.address_book import CONTRACTS
    from ledger_node.chain.artifact import artifact

    data = CancunTransactionBuilder.decode(raw).data
    found = (artifact(name).call(data) for name in CONTRACTS)
    return next((call[0] for call in found if call is not None), "else")


def install(task):
    """Watch the process that this is: the API or the node."""
    points = Points(task)
    if task["kind"] == "node":
        watch_blocks(points)
        return
    watch_commits(points)
    watch_sends(points)
    watch_webhooks(points)
    watch_files(points, Path(task["home"]))
    watch_answers(points)
