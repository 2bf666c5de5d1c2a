"""A proxy on loopback in front of a real node, which loses, garbles, delays or refuses what passes through it."""

import http.client
import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

JSON = "application/json"
ERROR = {"code": -32603, "message": "internal error"}


class Proxy:
    """Forwards JSON-RPC to ``target``. ``fault(calls)`` names what happens to a request instead, or says None.

    Every fault but ``lost`` and the ones that name a state of the server is made of the node's true answer.
    """

    def __init__(self, target, fault=lambda _: None):
        self.target = target
        self.fault = fault
        self.batches = []
        self.users = []
        self.release = threading.Event()
        self._sockets = set()
        self._guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self.hang_up()
        self._server.server_close()

    def lead_to(self, target):
        """Lead to another node from now on, on new connections, as a node that was replaced does."""
        self.target = target
        self.hang_up()

    def enter(self, connection):
        with self._guard:
            self._sockets.add(connection)

    def leave(self, connection):
        with self._guard:
            self._sockets.discard(connection)

    def hang_up(self):
        with self._guard:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    @property
    def raws(self):
        """The raw transactions that were sent here, in their order."""
        return [params[0] for batch in self.batches for method, params in batch if method == "eth_sendRawTransaction"]

    def note(self, body):
        calls = [(call["method"], call["params"]) for call in json.loads(body)]
        with self._guard:
            self.batches.append(calls)
            return self.fault(calls)

    def forward(self, body):
        place = urlsplit(self.target)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        try:
            connection.request("POST", "/", body, {"content-type": JSON})
            return connection.getresponse().read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def proxy(self):
        return self.server.proxy

    def setup(self):
        super().setup()
        self.proxy.enter(self.connection)

    def handle(self):
        with suppress(OSError):  # the client or the proxy hung up
            super().handle()

    def finish(self):
        self.proxy.leave(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_):
        """Say nothing."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.proxy.users.append(self.headers["authorization"])
        fault = self.proxy.note(body)
        match fault:
            case "lost":
                self.close_connection = True
            case "hangs":
                self.proxy.release.wait()
                self.close_connection = True
            case "status_503":
                self._answer(b"busy", status=503)
            case "redirect":
                self._answer(b"", status=307)
            case _:
                self._garble(fault, self.proxy.forward(body))

    def _garble(self, fault, true):
        match fault:
            case None:
                self._answer(true)
            case "answer_lost":
                self.close_connection = True
            case "cut_off":
                self._answer(true[: len(true) // 2], length=len(true))
                self.close_connection = True
            case "trickles":
                self._head(200, len(true))
                for byte in true:
                    if self.proxy.release.wait(0.05):
                        return
                    self.wfile.write(bytes([byte]))
            case _:
                self._answer(GARBLED[fault](true))

    def _answer(self, content, *, status=200, length=None):
        self._head(status, len(content) if length is None else length)
        self.wfile.write(content)

    def _head(self, status, length):
        self.send_response(status)
        self.send_header("content-type", JSON)
        self.send_header("content-length", str(length))
        if status == 307:
            self.send_header("location", self.proxy.target)
        self.end_headers()


def _each(change):
    return lambda true: json.dumps([change(number, answer) for number, answer in enumerate(json.loads(true))]).encode()


def _no_result(_, answer):
    return {"jsonrpc": "2.0", "id": answer["id"]}


GARBLED = {
    "html": lambda _: b"<html><body>502 Bad Gateway</body></html>",
    "empty": lambda _: b"",
    "half_json": lambda true: true[: len(true) // 2],
    "null": lambda _: b"null",
    "one_object": lambda _: b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}',
    "one_missing": lambda true: json.dumps(json.loads(true)[1:]).encode(),
    "no_results": _each(_no_result),
    "other_ids": _each(lambda _, answer: {**answer, "id": answer["id"] + 1_000_000}),
    "text_ids": _each(lambda _, answer: {**answer, "id": str(answer["id"])}),
    "one_id": _each(lambda _, answer: {**answer, "id": 1}),
    "error_is_text": _each(lambda _, answer: {"jsonrpc": "2.0", "id": answer["id"], "error": "no"}),
    "nested": lambda _: b"[" * 100_000,
    "head_is_text": _each(lambda number, answer: {**answer, "result": "soon"} if number == 1 else answer),
    "errors": _each(lambda number, answer: answer if number <= 1 else {**_no_result(0, answer), "error": ERROR}),
}
"""What a proxy may make of a true answer."""

NO_ANSWER = ("lost", "answer_lost", "status_503", "redirect", "cut_off", "hangs", "trickles")
"""Faults that leave nothing that could be read."""
