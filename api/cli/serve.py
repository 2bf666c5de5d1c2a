"""``credence serve``: the API and, unless an address of another node is given, the embedded node beside it."""

import json
import logging
import os
import socket
import sys
import threading
from contextlib import ExitStack
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.command import CHECKING, HomeOption, alone, command, home_of
from api.cli.console import ExitCode, JsonOption, LogOption, emit, logging_as, talk
from api.home.home import Home, write_private
from api.home.listening import reachable_host
from api.home.node_process import NodeProcess
from api.home.portal_host import LOCAL_HOST
from api.home.settings import (
    ACCESS_INTERVAL_S,
    DEFAULT_PORT,
    environment,
    http_settings,
    message_settings,
    portal_settings,
    watch_settings,
)
from api.telemetry.log import LogFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.gc_tuning import collect_rarely

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Server

_BACKLOG = 512
_SWITCH_INTERVAL_S = 0.0001
"""Seconds a thread computes before it lets another one go on: a verification has some twenty short steps, and would
wait before each of them for whoever computes for long."""
_KEEP_ALIVE_S = 75
"""Longer than clients and proxies keep idle connections: whoever closes one first must not be the side that cannot
know whether a request is on its way."""
_log = logging.getLogger(__name__)

RpcUrlOption = Annotated[
    list[str] | None,
    typer.Option(help="A node that runs elsewhere, no embedded one; again for each further (CREDENCE_RPC_URLS)."),
]
ProcessesOption = Annotated[
    int | None,
    typer.Option(min=1, max=64, help="Processes that commit to rows; half as many make answers (default: one a core)."),
]


@command(
    alone,
    "credence serve --home shop",
    "credence serve --home shop --host 0.0.0.0 \\\n    --public-url https://credence.example",
    codes=CHECKING
    | {
        ExitCode.DONE: "it was told to stop",
        ExitCode.CANNOT_TELL: "the store or the ledger does not answer: try again",
    },
)
def serve(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = DEFAULT_PORT,
    rpc_url: RpcUrlOption = None,
    public_url: Annotated[
        str | None, typer.Option(help="The address callers know it by, behind a proxy (default: where it listens).")
    ] = None,
    processes: ProcessesOption = None,
    access_interval: Annotated[
        int, typer.Option(min=1, max=3600, help="Seconds between two anchors of the access log.")
    ] = ACCESS_INTERVAL_S,
    log_format: LogOption = None,
    *,
    insecure_local_webhooks: Annotated[
        bool, typer.Option(help="For tests only: webhooks may go to this machine, and without TLS.")
    ] = False,
    stop_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve the API of this folder until it is told to stop.

    The store is in the folder, or where CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL say (docs/operating.md).
    """
    with logging_as(log_format) as form, ExitStack() as held:
        folder = home_of(home).require()
        urls = tuple(rpc_url or environment().rpc_urls)
        node = None if urls else _start_node(folder, form, held)
        # imported while the node starts beside this process
        from api.http.app import create_app
        from api.instance.wiring import open_instance
        from api.portal.app import create_portal

        if node is not None:
            urls = (node.wait_ready(),)
        watch = watch_settings()
        listener = held.enter_context(_listen(host, port))
        address = f"http://{reachable_host(host)}:{listener.getsockname()[1]}"
        instance = open_instance(
            folder,
            urls,
            processes=processes or os.cpu_count() or 1,
            database_url=environment().database_url,
            keys_url=environment().keys_url,
            keys_copy=environment().keys_copy,
            access_interval_s=access_interval,
            ready_age_s=watch.ready_age_s,
            portal=portal_settings(),
            messages=message_settings(),
            insecure_local_webhooks=insecure_local_webhooks,
        )
        app = create_app(instance, http_settings(), public_url=public_url or address, watch=watch)
        if instance.portal_host != LOCAL_HOST or (node is not None and _is_loopback(host)):
            create_portal(app, instance)
        else:
            # whoever runs a page on this name could ask every firm for signatures
            _log.warning("no portal: passkeys of localhost count on the embedded node and loopback alone")
        # by its name, since an address may hold a password
        node_url = instance.rpc.health()[0].name
        state: dict[str, JSON] = {"url": public_url or address, "pid": os.getpid(), "node_url": node_url}
        write_private(folder.api_file, json.dumps(state) + "\n", secret=False)
        _announce(address, form)
        if as_json:
            emit({**state, "url": address})
        _run(app, listener, stop_with_parent=stop_with_parent)


def _is_loopback(host: str) -> bool:
    try:
        return host == LOCAL_HOST or ip_address(host).is_loopback
    except ValueError:
        return False


def _start_node(folder: Home, form: LogFormat, held: ExitStack) -> NodeProcess:
    """Start the embedded node, which ends with ``held``."""
    node = NodeProcess(folder, log_format=form)
    held.callback(node.stop)
    node.start()
    return node


def _announce(address: str, form: LogFormat) -> None:
    if form is LogFormat.TEXT:
        talk.print(f"the API answers at {address} (documentation at {address}/docs); stop it with Ctrl-C")
    else:
        _log.info("the API answers at %s", address)


def _run(app: "FastAPI", listener: socket.socket, *, stop_with_parent: bool) -> None:
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="on",
            loop="auto",
            http="auto",
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
    )
    if stop_with_parent:
        threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
    collect_rarely()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only for sockets that name their protocol; with it on, every answer on a
    # kept connection waits some 40 ms for an acknowledgement
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _stop_at_end_of_stdin(server: "Server") -> None:
    sys.stdin.buffer.read()
    server.should_exit = True
