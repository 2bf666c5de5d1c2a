"""Two processes of the API side by side: one PostgreSQL, one node, the same keys in folders of their own.

Both are known by one public address, as behind a proxy; a client chooses which of them its connections go to.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import httpx

from api.client.client import Client
from api.client.credential import credential_named
from api.home.home import Home
from api.home.node_process import NodeProcess
from api.home.settings import environment_of_child
from api.instance.embedded import found_instance
from ledger_node.domain.error import CredenceError
from tests.kit.served import Place

PUBLIC = "http://credence.test"
PATIENCE_S = 60
MINE = ("*.sqlite3*", "node.json", "api.json")
"""What is of one host alone."""


class To(httpx.HTTPTransport):
    """Takes what is sent to the public address to one host, whichever life of it listens."""

    def __init__(self, host):
        super().__init__()
        self._host = host

    def handle_request(self, request):
        # the proof is made by now, for the address that the caller knows
        request.url = request.url.copy_with(host="127.0.0.1", port=self._host.port)
        return super().handle_request(request)


class Host:
    """``credence serve`` in a folder of its own, through many lives. Duck-typed as ``InstanceProcess``."""

    def __init__(self, folder, node_url, urls, interval):
        self.home = Home(folder)
        self.database_url, self.keys_url = urls
        self._node_url = node_url
        self._interval = interval
        self.url = PUBLIC
        self._child = None
        self._clients = []
        self.start()

    def start(self):
        command = [sys.executable, "-m", "api.cli.main", "serve", "--home", str(self.home.path), "--port", "0"]
        command += ["--json", "--processes", "1", "--rpc-url", self._node_url, "--public-url", PUBLIC]
        command += ["--access-interval", str(self._interval), "--insecure-local-webhooks", "--stop-with-parent"]
        environment = environment_of_child(self.database_url, self.keys_url)
        with (self.home.path / "serve.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
            )
        line = self._child.stdout.readline()
        assert line, self.words()
        self.port = httpx.URL(json.loads(line)["url"]).port
        self.wait_ready()

    def wait_ready(self):
        client = self._to(Client(PUBLIC))
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                client.get("/readyz")
            except CredenceError:
                assert time.monotonic() < deadline, self.words()
                time.sleep(0.05)
            else:
                return

    def client(self, name):
        return self.of(credential_named(self.home, name))

    def of(self, credential):
        return self._to(Client(PUBLIC, credential))

    def _to(self, client):
        client._http._transport = To(self)
        self._clients.append(client)
        return client

    def http(self, auth=None):
        client = httpx.Client(base_url=PUBLIC, auth=auth, timeout=60, transport=To(self))
        self._clients.append(client)
        return client

    def close(self):
        """Close every client that was made for this host, and stop it."""
        for client in self._clients:
            client.close()
        with suppress(ProcessLookupError):
            if self.is_alive:
                self.stop()

    def node(self):
        return {"url": self._node_url}

    def kill(self):
        """kill -9."""
        os.kill(self._child.pid, signal.SIGKILL)
        self._reap()

    def stop(self):
        self._child.terminate()
        self._reap()

    def words(self):
        return (self.home.path / "serve.log").read_text("utf-8", "replace")[-2000:]

    @property
    def is_alive(self):
        return self._child is not None and self._child.poll() is None

    def _reap(self):
        self._child.wait(PATIENCE_S)
        self._child.stdin.close()
        self._child.stdout.close()


class Pair(Place):
    """People, and both hosts; who does not choose is served by the first one."""

    def __init__(self, folder, postgres, interval=1):
        self.urls = (postgres.database(), postgres.database())
        home = Home(folder / "one")
        found_instance(home, database_url=self.urls[0], keys_url=self.urls[1])
        # the node runs beside them, as it does in a consortium
        self._node = NodeProcess(home)
        self._node.start()
        node_url = self._node.wait_ready()
        shutil.copytree(home.path, folder / "two", ignore=shutil.ignore_patterns(*MINE))
        self.hosts = [Host(folder / name, node_url, self.urls, interval) for name in ("one", "two")]
        super().__init__(folder, self.hosts[0])

    def client_with(self, credential):
        return self._keep(self.hosts[0].of(credential))

    def clients(self, name):
        """Return a client of each host, signed in as ``name``."""
        return [self._keep(host.client(name)) for host in self.hosts]

    def revive(self):
        """Start again whatever does not run."""
        for host in self.hosts:
            if not host.is_alive:
                host.start()

    def close(self):
        for host in self.hosts:
            host.close()
        self._node.stop()
