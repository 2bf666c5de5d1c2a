"""An instance that is served from a thread of the test's own process, so that a test can look and reach inside."""

import json
import socket
import threading

import uvicorn

from api.client.client import Client
from api.client.credential import credential_named
from api.home.home import Home
from api.home.node_process import NodeProcess
from api.home.settings import HttpSettings, portal_settings
from api.http.app import create_app
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from tests.kit.postgres import usual_database
from tests.kit.served import Place


class Inside:
    """Duck-typed as ``InstanceProcess``; ``restart`` ends one life of the API and begins the next."""

    def __init__(self, folder, settings=None):
        self.home = Home(folder)
        self.database_url, self.keys_url = usual_database(), usual_database()
        found_instance(self.home, database_url=self.database_url, keys_url=self.keys_url)
        self._node = NodeProcess(self.home)
        self._node.start()
        self._node_url = self._node.wait_ready()
        self.settings = settings or HttpSettings()
        self._port = 0
        self.start()

    def start(self):
        self.instance = open_instance(
            self.home,
            [self._node_url],
            processes=1,
            database_url=self.database_url,
            keys_url=self.keys_url,
            portal=portal_settings(),
        )
        listener = self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        app = create_app(self.instance, self.settings, public_url=self.url)
        self._server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        client = Client(self.url)
        client.get("/livez")
        client.close()

    def end(self):
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def restart(self):
        self.end()
        self.start()

    def client(self, name):
        return Client(self.url, credential_named(self.home, name))

    def node(self):
        return json.loads(self.home.node_file.read_text("utf-8"))

    def stop(self):
        self.end()
        self._node.stop()


def inside_place(folder, settings=None):
    """Return a place whose instance runs in this process."""
    return Place(folder, Inside(folder / "credence", settings))
