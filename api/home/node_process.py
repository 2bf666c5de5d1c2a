"""The embedded node as a child process: started with the API, started again when it dies, never left behind."""

import json
import logging
import subprocess
import sys
import threading
from typing import Final

from api.home.home import Home
from api.telemetry.log import LogFormat
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

_PAUSE_S: Final = 0.2
_log = logging.getLogger(__name__)


class NodeProcess:
    """Runs ``credence node run`` and keeps it running until ``stop``; the child ends when this process does."""

    def __init__(self, home: Home, port: int = 0, *, log_format: LogFormat | None = None) -> None:
        self._home = home
        self._port = port
        self._log_format = log_format
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="node", daemon=True)
        self.url = ""

    def start(self) -> None:
        """Start the node; ``wait_ready`` says where it listens."""
        command = [sys.executable, "-m", "api.cli.main", "node", "run", "--home", str(self._home.path)]
        command += ["--port", str(self._port), "--json", "--stop-with-parent"]
        if self._log_format is not None:
            command += ["--log-format", self._log_format.value]
        # stdin is a pipe that nobody writes to: its end tells the child that this process is gone
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ourselves

    def wait_ready(self) -> str:
        """Return the node's address when it accepts requests, and keep it running from then on.

        Raises:
            ChainError: ``ledger_unavailable``; the node ended before it was ready, its words are on stderr.
        """
        self._read_address()
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop the node and wait for its end."""
        self._stopping.set()
        child = self._child
        if child is not None:
            child.terminate()
            child.wait()
        if self._thread.is_alive():
            self._thread.join()

    def _read_address(self) -> None:
        child = self._child
        assert child is not None  # noqa: S101 - it was spawned
        assert child.stdout is not None  # noqa: S101 - it was asked for
        line = child.stdout.readline()
        if not line:
            child.wait()
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the embedded node did not start; its words are above")
        ready = json.loads(line)
        self._port = int(ready["port"])
        self.url = str(ready["url"])

    def _watch(self) -> None:
        while not self._stopping.is_set():
            child = self._child
            if child is not None:
                # its pipes end with it
                with child:
                    child.wait()
            if self._stopping.is_set():
                return
            _log.warning("the embedded node ended; starting it again")
            try:
                self.start()
                self._read_address()
            except (ChainError, OSError, ValueError):
                _log.warning("the embedded node did not start; trying again")
                self._stopping.wait(_PAUSE_S)
