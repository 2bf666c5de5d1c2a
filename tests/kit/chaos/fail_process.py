"""The processes of an instance that is tried: forked by another one, so that they start fast, and watched from afar."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 600
"""Only what hangs is given up: a start takes ten times as long on a machine that others work on."""

ROOT = Path(__file__).parents[3]


class Zygote:
    """The process that forks the others; they end with it."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.kit.chaos.fail_zygote"]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._guard = threading.Lock()
        assert self._answer() == "ready"

    def fork(self, task):
        """Return the id of a new process."""
        with self._guard:
            self._child.stdin.write(json.dumps(task).encode() + b"\n")
            self._child.stdin.flush()
            return self._answer()

    def remember_keys(self, home):
        """Open the keystores of a home, and of its copies, faster from now on."""
        self.fork({"kind": "keys", "home": str(home)})

    def _answer(self):
        return json.loads(self._child.stdout.readline())

    def close(self):
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()


class Process:
    """A process that is not our child, to be looked at and killed."""

    def __init__(self, pid, tape):
        self.pid = pid
        self.tape = tape
        self.ended_at = []
        """The points that it died or failed at, for whoever buries it: it may be on the tape before it is dead."""
        self._read = 0
        self._fd = None
        with suppress(ProcessLookupError):
            self._fd = os.pidfd_open(pid)

    def is_dead(self):
        return self._fd is None or bool(select.select([self._fd], [], [], 0)[0])

    def end(self, how):
        if self._fd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, how)
            select.select([self._fd], [], [], PATIENCE_S)

    def news(self):
        """Return the points that it passed since this was called last, and those that it died or failed at."""
        lines = self.tape.read_text("utf-8").splitlines() if self.tape.exists() else []
        new, self._read = lines[self._read :], len(lines)
        ended = [line[2:] for line in new if line.startswith("K ")]
        self.ended_at += ended
        return [line[2:] for line in new if line.startswith("P ")], ended

    def await_death(self):
        """Wait until it is dead that has written where it dies."""
        assert self._fd is None or select.select([self._fd], [], [], PATIENCE_S)[0], "it did not die"

    def forget(self):
        if self._fd is not None:
            os.close(self._fd)
