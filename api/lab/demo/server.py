"""A served instance as a child process, for the demonstration and the benchmarks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

from api.client.client import Client
from api.client.credential import credential_named
from api.home.home import Home
from api.home.settings import environment_of_child
from api.instance.embedded import found_instance
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.reason import Reason

NO_FIRST_WAIT: Final = {"CREDENCE_FIRST_WAIT": "0"}
"""A firm that is new grants at once: who measures or shows something waits for no day."""
_PAUSE_S: Final = 0.05
_PATIENCE_S: Final = 60.0


class InstanceProcess:
    """``credence init`` and ``credence serve`` on a fresh folder; both end with this process."""

    def __init__(
        self,
        folder: Path,
        *,
        processes: int | None = None,
        access_interval: int | None = None,
        banks: Mapping[str, str] | None = None,
        database_url: str | None = None,
        keys_url: str | None = None,
        relayers: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.home = Home(folder)
        self.database_url, self.keys_url = database_url, keys_url
        found_instance(self.home, banks=banks, database_url=database_url, keys_url=keys_url, relayers=relayers)
        command = [
            sys.executable,
            "-m",
            "api.cli.main",
            "serve",
            "--home",
            str(folder),
            "--port",
            "0",
            "--json",
            "--stop-with-parent",
        ]
        for option, number in (("--processes", processes), ("--access-interval", access_interval)):
            if number is not None:
                command += [option, str(number)]
        # stdin is a pipe that nobody writes to: its end tells the child that this process is gone
        with (folder / "serve.log").open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - ourselves
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment_of_child(database_url, keys_url, {**NO_FIRST_WAIT, **(variables or {})}),
            )
        assert self._child.stdout is not None  # noqa: S101 - it was asked for
        line = self._child.stdout.readline()
        if not line:
            words = (folder / "serve.log").read_text("utf-8")
            raise ChainError(Reason.LEDGER_UNAVAILABLE, f"the API did not start: {words[-500:]}")
        self.url = str(json.loads(line)["url"])
        self.wait_ready()

    @property
    def pid(self) -> int:
        """The API's process."""
        return self._child.pid

    def client(self, name: str) -> Client:
        """Return a client signed in as ``name``."""
        return Client(self.url, credential_named(self.home, name))

    def node(self) -> Any:  # noqa: ANN401 - JSON of the node file
        """Return address and process of the embedded node."""
        return json.loads(self.home.node_file.read_text("utf-8"))

    def kill_node(self) -> int:
        """Kill the node with SIGKILL and return its process id when another one serves the same chain."""
        killed = int(self.node()["pid"])
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE_S
        while self.node()["pid"] == killed and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
        self.wait_ready()
        return killed

    def wait_ready(self) -> None:
        """Wait until requests are served.

        Raises:
            ChainError: they are not within a minute.
        """
        deadline = time.monotonic() + _PATIENCE_S
        with closing(Client(self.url)) as client:
            while True:
                try:
                    client.get("/readyz")
                except CredenceError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_PAUSE_S)
                else:
                    return

    def wait(self) -> None:
        """Wait until the API ends."""
        self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop API and node."""
        self._child.terminate()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
