"""An instance that dies at commit points and is started again at once, as a supervisor of processes does."""

import itertools
import random
import resource
import signal
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from api.home.home import Home
from tests.kit.chaos.fail_point import ALSO_API
from tests.kit.chaos.fail_process import PATIENCE_S, Process

_TICK_S = 0.01


class Deaths:
    """Which points were passed, and at which of them a process died so far; of many instances.

    ``only``: a pattern of the points that count.
    """

    def __init__(self, only=""):
        self.only = only
        self.passed = set()
        self.at = {}  # point -> how often

    def __str__(self):
        places = {point.removesuffix(ALSO_API) for point in self.at}
        return f"so far {len(self.at)} deaths, at {len(places)} of {len(self.passed)} points that were passed"


class Life:
    """API and node on one folder, watched and started again. Duck-typed as ``InstanceProcess``.

    ``deaths``: at what is not among these points a process dies while ``armed``; without, nobody dies. ``every``: as
    ``Points``. ``deaths_a_step``: how often while it is armed once. ``broken``: a fault to put into the API. ``full``:
    where a process would die, the disk is full.
    """

    def __init__(
        self,
        folder,
        zygote,
        deaths=None,
        *,
        access_interval=3600,
        every=False,
        deaths_a_step=1,
        broken=None,
        full=False,
    ):
        self.home = Home(folder)
        self.deaths = deaths
        self.count = 0
        self.faults = []
        self._every = every
        self._broken = broken
        self._full = full
        self._zygote = zygote
        self._access_interval = str(access_interval)
        self._tapes = (folder / f"tape.{number}" for number in itertools.count())
        self._armed = folder / "armed"
        self._ahead = folder / "ahead"
        self._ahead.write_text("0", "ascii")
        self._ports = {"node": _free_port(), "api": _free_port()}
        self.url = f"http://127.0.0.1:{self._ports['api']}"
        self._processes = {}
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._excused = set()
        self._label, self._left = None, 0
        self._deaths_a_step = deaths_a_step
        self._guard = threading.Lock()
        self._watch = threading.Thread(target=self._supervise, daemon=True)
        self._watch.start()
        self.wait_ready()

    def node(self):
        return {"url": f"http://127.0.0.1:{self._ports['node']}"}

    def pass_time(self, seconds):
        partial = self._ahead.with_suffix(".partial")
        partial.write_text(str(int(self._ahead.read_text("ascii")) + seconds), "ascii")
        partial.replace(self._ahead)

    def arm(self, label):
        """Let a process die at the next point where none died before, and so on, as often as one step may."""
        with self._guard:
            self._label, self._left = label, self._deaths_a_step
            self._arm()

    def _arm(self):
        if self.deaths is not None and self._label is not None and self._left > 0:
            partial = self._armed.with_suffix(".partial")
            partial.write_text(self._label, "utf-8")
            partial.replace(self._armed)

    def disarm(self):
        """Return when nothing dies any more, and everything is up."""
        with self._guard:
            self._label = None
            self._armed.unlink(missing_ok=True)
            for process in self._processes.values():
                if self._note(process) and not self._full:
                    # it goes on between these words and its death, and would take the next step's mark with it
                    process.await_death()
        self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert not self.faults, self.faults
            if self._ready.wait(0.1) and self._is_up():
                return
            assert time.monotonic() < deadline, self.words()

    def _is_up(self):
        with self._guard:
            both = [process.is_dead() for process in self._processes.values()] == [False, False]
        return both and _answers(self.url)

    def words(self):
        return "\n".join(
            (self.home.path / f"{kind}.log").read_text("utf-8", "replace")[-3000:] for kind in ("node", "api")
        )

    def kill(self, kind):
        """Kill one process from the outside."""
        with self._guard:
            self._excused.add(kind)
            self._processes[kind].end(signal.SIGKILL)

    def pid(self, kind):
        with self._guard:
            return self._processes[kind].pid

    def limit_files(self, kind, size):
        """Let a process write no file behind so many bytes, as if the disk took no more; it may end by that."""
        self._excused.add(kind)
        resource.prlimit(self.pid(kind), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def rest(self):
        """End the API, and leave the node to be looked at."""
        self._stopping.set()
        self._watch.join()
        self._end("api")

    def stop(self):
        self.rest()
        self._end("node")

    def _end(self, kind):
        if kind in self._processes:
            self._processes[kind].end(signal.SIGTERM)
            self._bury(kind)

    def _supervise(self):
        try:
            while not self._stopping.wait(_TICK_S):
                with self._guard:
                    self._look()
        except Exception as error:  # noqa: BLE001 - whoever waits must see it
            self.faults.append(repr(error))

    def _look(self):
        """Start what is dead: first the node, then, when it answers, the API."""
        for kind in ("node", "api"):
            if kind in self._processes and self._processes[kind].is_dead():
                self._ready.clear()
                self._bury(kind)
        if "node" not in self._processes:
            self._start("node", "node", "run", "--port", str(self._ports["node"]))
        elif "api" not in self._processes:
            if _answers(self.node()["url"]):
                options = ["--port", str(self._ports["api"]), "--rpc-url", self.node()["url"], "--processes", "1"]
                options += ["--access-interval", self._access_interval, "--insecure-local-webhooks"]
                self._start("api", "serve", *options)
        elif not self._ready.is_set() and _answers(self.url):
            self._excused.clear()
            self._ready.set()

    def _start(self, kind, *argv):
        tape = next(self._tapes)
        task = {
            "kind": kind,
            "argv": [*argv, "--home", str(self.home.path)],
            "home": str(self.home.path),
            "log": str(self.home.path / f"{kind}.log"),
            "tape": str(tape),
            "armed": str(self._armed),
            "ahead": str(self._ahead),
            "known": None if self.deaths is None else sorted(self.deaths.at),
            "every": self._every,
            "only": "" if self.deaths is None else self.deaths.only,
            "full": self._full,
            "broken": self._broken if kind == "api" else None,
            "starting": kind == "api",
        }
        self._processes[kind] = Process(self._zygote.fork(task), tape)

    def _bury(self, kind):
        process = self._processes.pop(kind)
        process.forget()
        self._note(process)
        died = process.ended_at
        if not died and not self._full and kind not in self._excused and not self._stopping.is_set():
            self.faults.append(f"the {kind} ended by itself: {self.words()}")
        if kind == "node":
            # one that is just starting gives up without a node, and is started again
            self._excused.add("api")
        for point in died:
            self._left -= 1
            self._arm()
            if point.endswith(ALSO_API) and "api" in self._processes:
                self._processes["api"].end(signal.SIGKILL)

    def _note(self, process):
        """Note what a process passed; return where it died, or failed."""
        passed, died = process.news()
        if self.deaths is not None:
            self.deaths.passed.update(passed)
        for point in died:
            self.count += 1
            self.deaths.at[point] = self.deaths.at.get(point, 0) + 1
        return died


def _answers(url):
    connection = HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _free_port():
    """Return a port that nobody has, and that the system gives to nobody between two lives."""
    lowest_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, lowest_given)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
