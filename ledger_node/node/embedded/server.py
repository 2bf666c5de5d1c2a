"""The HTTP server around an engine: JSON-RPC on POST /, liveness and readiness."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import uvicorn
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from typing_extensions import override

from ledger_node import clock, trace
from ledger_node.gc_tuning import collect_rarely
from ledger_node.node.embedded.engine import Engine
from ledger_node.node.embedded.error import NodeError, NodeReason
from ledger_node.node.embedded.host import AllowedHosts, HostGuard
from ledger_node.node.embedded.rpc import Rpc

BODY_LIMIT: Final = 5 * 1024 * 1024
BODY_SECONDS: Final = 30
THREADS: Final = 200
"""Requests in progress; one that sends a transaction waits in its thread until the block is stored."""
SWITCH_INTERVAL: Final = 0.0005
"""Seconds a thread computes before it lets another one go: a read must not wait 5 ms behind the writer."""
_GRACE_SECONDS: Final = 10
STORE_AGAIN: Final = "a block could not be stored, why stands above; start the node again when the disk can be written"
STOPPED: Final = "a block could not be stored, and the node ends; its log says why"


async def _body(request: Request) -> bytes | None:
    """Return the body, or None once it is over the limit.

    Raises:
        TimeoutError: it does not come.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts)


def create_app(engine: Engine, hosts: AllowedHosts) -> Starlette:
    """Return the ASGI application of a node that answers to these hosts."""
    rpc = Rpc(engine)
    limiter = CapacityLimiter(THREADS)

    async def answer(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return PlainTextResponse("content-type must be application/json", status_code=415)
        try:
            with anyio.fail_after(BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            words = f"the body did not come within {BODY_SECONDS} seconds"
            return PlainTextResponse(words, status_code=408, headers={"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        if body is None:
            return PlainTextResponse(f"the body is larger than {BODY_LIMIT} bytes", status_code=413)
        with trace.traced(trace.Trace.of_header(request.headers.get(trace.HEADER))):
            text = await anyio.to_thread.run_sync(rpc.handle, body, limiter=limiter)
        if not engine.is_healthy:
            # an error would say that a transaction failed; whether the disk holds its block, the next start will see
            return PlainTextResponse(STOPPED, status_code=503)
        return Response(text, media_type="application/json")

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        if not engine.is_healthy:
            return JSONResponse({"status": "writer stopped"}, status_code=503)
        return JSONResponse({"status": "ready", "block": engine.head.number})

    routes = [
        Route("/", answer, methods=["POST"]),
        Route("/livez", live, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(HostGuard, hosts)])


class _Server(uvicorn.Server):
    """Tells the bound port once connections are accepted."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port: int = self.servers[0].sockets[0].getsockname()[1]
            self._on_ready(port)

    def stop(self) -> None:
        """Stop taking requests; from any thread."""
        self.should_exit = True

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT without raising them again, as uvicorn would: the engine must close."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _stop_at_end_of_stdin(server: _Server) -> None:
    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        server.stop()

    threading.Thread(target=watch, name="credence-stdin", daemon=True).start()


def run_node(
    path: str | Path,
    host: str,
    port: int,
    sealer_key: bytes,
    *,
    allowed_hosts: Collection[str] = (),
    on_ready: Callable[[int], None] = lambda _port: None,
    stop_when_stdin_closes: bool = False,
    now: Callable[[], int] = clock.now,
) -> None:
    """Open a chain and serve it until SIGTERM or SIGINT (or the end of stdin); blocks.

    Args:
        path: the chain file, made by :meth:`.engine.Engine.create`.
        host: address to listen on; a loopback one unless something in front of it controls access.
        port: TCP port; 0 lets the system choose.
        sealer_key: 32-byte private key of the genesis's sealer.
        allowed_hosts: names or addresses in Host headers to answer to, besides loopback ones and ``host``.
        on_ready: called once with the bound port when requests are accepted.
        stop_when_stdin_closes: end when stdin does, so that a child never outlives a killed parent.
        now: where blocks take their time from, in seconds since 1970-01-01 UTC.

    Raises:
        NodeError: ``host_invalid``; the chain cannot be opened; or ``writer_stopped``, a block could not be stored, so
            that only a new start can tell what the disk holds.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    hosts = AllowedHosts(host, allowed_hosts)
    with Engine.open(path, sealer_key, now) as engine:
        config = uvicorn.Config(
            create_app(engine, hosts),
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            server_header=False,
            timeout_keep_alive=75,
        )
        server = _Server(config, on_ready)
        if stop_when_stdin_closes:
            _stop_at_end_of_stdin(server)
        engine.writer.when_failed = server.stop
        collect_rarely()
        server.run()
        if not engine.is_healthy:
            raise NodeError(NodeReason.WRITER_STOPPED, STORE_AGAIN)
