"""A served instance whose chain takes its time from a clock that tests set forward: for what waits three days.

Only the clock of the node is another one. Contracts, services and routes are what everybody runs.
"""

import json
import subprocess
import sys
from pathlib import Path

from api.home.home import Home
from api.home.settings import environment_of_child
from api.instance.embedded import found_instance
from api.lab.demo.server import InstanceProcess
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.signature import address_of
from tests.kit.postgres import usual_database
from tests.kit.served import Place

ROOT = Path(__file__).parent.parent.parent
_PROGRAM = """
import pathlib, sys
from ledger_node import clock
from ledger_node.node.embedded import run_node
ahead = pathlib.Path(sys.argv[2])
run_node(sys.argv[1], "127.0.0.1", 0, bytes.fromhex(sys.stdin.readline()),
         on_ready=lambda port: print(port, flush=True), stop_when_stdin_closes=True,
         now=lambda: clock.now() + int(ahead.read_text()))
"""


class AheadNode:
    """The embedded node of a home folder, so many seconds ahead of the wall clock."""

    def __init__(self, home, ahead=0):
        self._ahead = home.path / "ahead"
        self._seconds = ahead
        self.pass_time(0)
        self._child = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(home.chain), str(self._ahead)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._child.stdin.write(home.read_key("sealer").hex().encode() + b"\n")
        self._child.stdin.flush()
        self.url = f"http://127.0.0.1:{int(self._child.stdout.readline())}"

    def pass_time(self, seconds):
        """Let time pass on the chain; it shows in the next block."""
        self._seconds += seconds
        partial = self._ahead.with_suffix(".partial")
        partial.write_text(str(self._seconds))
        partial.replace(self._ahead)

    def stop(self):
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()


class ServedAhead(InstanceProcess):
    """``credence serve`` beside such a node."""

    def __init__(self, folder):
        self.home = Home(folder)
        self.database_url, self.keys_url = usual_database(), usual_database()
        found_instance(self.home, database_url=self.database_url, keys_url=self.keys_url)
        self.chain = AheadNode(self.home)
        command = [sys.executable, "-m", "api.cli.main", "serve", "--home", str(folder), "--port", "0", "--json"]
        command += ["--processes", "1", "--rpc-url", self.chain.url, "--stop-with-parent"]
        with (folder / "serve.log").open("wb") as log:
            environment = environment_of_child(self.database_url, self.keys_url)
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
            )
        self.url = json.loads(self._child.stdout.readline())["url"]
        self.wait_ready()

    def node(self):
        return {"url": self.chain.url}

    def stop(self):
        super().stop()
        self.chain.stop()


class PlaceAhead(Place):
    """People whose time is the ledger's."""

    def __init__(self, folder):
        super().__init__(folder, ServedAhead(folder / "credence"))

    def now(self):
        return self.ledger.head().time

    def wait(self, seconds):
        """Let time pass, and show it in a block: whoever signs goes by the newest one."""
        self.served.chain.pass_time(seconds)
        rpc, key = Rpc(self.served.chain.url), self.home.read_key("governor")
        Sender(rpc, self.ledger.subject_domain.chain_id, key).send(address_of(key), b"", gas=30_000)
