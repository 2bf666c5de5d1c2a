"""Forks real processes of ``credence`` that have the hooks of fail_point; a fork starts in a tenth of the time.

Reads tasks as lines of JSON: ``{"argv", "kind", "log", "ahead", "broken"}`` with what ``Points`` takes, and answers
with process ids. ``{"kind": "keys", "home"}`` forks nothing.
"""

import ctypes
import functools
import gc
import importlib
import json
import os
import signal
import ssl
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

from tests.kit.chaos import fail_broken, fail_point

ROOMS = ("api.cli.main", "api.cli.node", "api.cli.serve", "api.instance.wiring", "api.http.app", "uvicorn", "httpx")
PR_SET_PDEATHSIG = 1


def warm():
    """Import what both processes need, and read what they read of the package."""
    for room in (*ROOMS, "uvicorn.protocols.http.auto", "uvicorn.loops.auto", "uvicorn.lifespan.on"):
        importlib.import_module(room)
    importlib.import_module("ledger_node.node.embedded")
    from api.catalogue.datatype import data_types, schemas
    from ledger_node.chain.address_book import CONTRACTS
    from ledger_node.chain.artifact import artifact

    schemas(), data_types()
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    ssl.create_default_context()
    for name in CONTRACTS:
        artifact(name).call(b"\0" * 4)
    assert threading.active_count() == 1
    gc.freeze()


def remember_keys(home):
    """Derive once what opens the keystores of a home and of its copies: it is slow by intent."""
    from eth_keyfile import keyfile

    from api.home.home import Home

    keyfile._scrypt_hash = functools.cache(keyfile._scrypt_hash)
    for path in (home / "keys").glob("*.json"):
        Home(home).read_key(path.stem)


def live(task):
    """Be ``credence`` with the arguments of a task."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(task["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if task["kind"] == "api":
        import api.instance.wiring

        # not what is tried, only how often it happens by itself
        api.instance.wiring.NOTIFY_INTERVAL_S = fail_point.PACE_S
        api.instance.wiring.MAINTENANCE_INTERVAL_S = fail_point.PACE_S
    else:
        ahead_of_time(Path(task["ahead"]))
    if task["broken"] is not None:
        fail_broken.FAULTS[task["broken"]]()
    fail_point.install(task)
    sys.argv = ["credence", *task["argv"]]
    from api.cli.main import main

    main()


def ahead_of_time(ahead):
    """Let the chain's clock be as many seconds ahead as the file says."""
    from ledger_node import clock
    from ledger_node.node.embedded import run_node

    run_node.__kwdefaults__["now"] = lambda: clock.now() + int(ahead.read_text("ascii"))


def say(answer):
    """Answer whoever asked."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def reap():
    """Let go of the dead; whoever asked for them has seen it."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main():
    """Fork until the end of stdin."""
    warm()
    say("ready")
    while line := sys.stdin.readline():
        task = json.loads(line)
        if task["kind"] == "keys":
            remember_keys(Path(task["home"]))
            say(0)
            continue
        reap()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                live(task)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except BaseException:  # noqa: BLE001 - it ends here, and says why
                traceback.print_exc()
            finally:
                os._exit(code)
        say(pid)
    reap()


if __name__ == "__main__":
    main()
