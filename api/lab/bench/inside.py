"""An instance that is served from a thread of this process, so that a benchmark can reach inside."""

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import uvicorn

from api.client.client import Client
from api.client.credential import credential_named
from api.home.home import Home
from api.home.node_process import NodeProcess
from api.home.settings import HttpSettings, PortalSettings, Rate
from api.http.app import create_app
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from api.portal.app import create_portal

_ANY = Rate(1e6, 1_000_000)


class InsideInstance:
    """API and portal on a fresh folder, on a port of this machine; node and server end with it.

    ``banks``: short name -> full name; None for the demo bank.
    """

    def __init__(self, folder: Path, *, banks: Mapping[str, str] | None = None) -> None:
        self.home = Home(folder)
        found_instance(self.home, banks=banks)
        self._node = NodeProcess(self.home)
        self._node.start()
        self.instance = open_instance(
            self.home, [self._node.wait_ready()], processes=1, portal=PortalSettings(first_wait_s=0)
        )
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        app = create_app(self.instance, HttpSettings(), public_url=self.url)
        create_portal(app, self.instance)
        self._server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()

    def client(self, name: str) -> Client:
        """Return a client signed in as ``name``."""
        return Client(self.url, credential_named(self.home, name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
        self._node.stop()
