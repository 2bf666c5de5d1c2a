"""``credence init`` and ``credence node``: the one place where the embedded node meets the rest."""

import json
import logging
import os
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.console import ExitCode, HomeOption, JsonOption, LogOption, emit, home_of, log_refusals, refusals, talk
from api.home.home import Home, write_private
from api.home.settings import environment
from api.telemetry import log
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from api.backup.content import Head
    from api.backup.make import OpenMoment
    from api.instance.founding import ChainParameters
    from ledger_node.node.embedded import ChainMoment

DEFAULT_CHAIN_ID: Final = 760_001
_log = logging.getLogger(__name__)

node = typer.Typer(no_args_is_help=True, help="The embedded chain node.")


def init(
    home: HomeOption = None,
    chain_id: Annotated[int, typer.Option(min=1, max=2**53, help="EIP-155 chain id.")] = DEFAULT_CHAIN_ID,
    bank: Annotated[
        list[str] | None,
        typer.Option(metavar="SHORT=NAME", help="A founding bank, e.g. north-bank='North Bank'; may be repeated."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Found a consortium of one: keys, genesis, contracts, address book, members, sign-in keys."""
    with refusals():
        folder = home_of(home)
        talk.print(f"founding a consortium of one in {folder.path}")
        known = environment()
        banks = _banks(bank or [])
        found_instance(folder, chain_id, banks=banks, database_url=known.database_url, keys_url=known.keys_url)
        book = folder.address_book()
        names = list(folder.credentials())
    talk.print(f"done; credentials of {', '.join(names)} are in {folder.path / 'credentials.json'}")
    talk.print(f"next: credence serve --home {folder.path}")
    if as_json:
        emit({"home": str(folder.path), **book.to_json(), "credentials": list(names)})


@node.command()
def run(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8545,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further name or address in Host headers to answer to; again for each."),
    ] = None,
    log_format: LogOption = None,
    *,
    stop_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the node of this folder until it is told to stop."""
    from ledger_node.node.embedded import run_node

    form = log_format or log.LogFormat.usual()
    log.configure(form)
    with refusals(), log_refusals(form):
        folder = home_of(home)
        key = folder.read_key("sealer")

        def ready(bound: int) -> None:
            url = f"http://{_reachable(host)}:{bound}"
            state = {"url": url, "port": bound, "pid": os.getpid()}
            write_private(folder.node_file, json.dumps(state) + "\n", secret=False)
            if as_json:
                emit({"url": url, "port": bound, "pid": os.getpid()})
            elif form is log.LogFormat.TEXT:
                talk.print(f"the node answers JSON-RPC at {url}")
            else:
                _log.info("the node answers JSON-RPC at %s", url)

        with _node_words():
            run_node(
                folder.chain,
                host,
                port,
                key,
                allowed_hosts=allow_host or (),
                on_ready=ready,
                stop_when_stdin_closes=stop_with_parent,
            )


def _reachable(host: str) -> str:
    """Return the host by which this machine reaches what listens on ``host``, as it stands in a URL."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"  # noqa: PLR2004 - IPv4
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6


@node.command()
def status(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Say whether the node runs and where its chain stands; exit code 3 if it does not answer."""
    from ledger_node.chain.rpc import Rpc

    with refusals():
        folder = home_of(home).require()
        if not folder.node_file.is_file():
            raise InvalidInputError(Reason.LEDGER_UNAVAILABLE, "no node runs in this folder; run: credence serve")
        state = json.loads(folder.node_file.read_text("utf-8"))
        try:
            rpc = Rpc(state["url"])
            head, version = rpc.batch([("eth_getBlockByNumber", ["latest", False]), ("web3_clientVersion", [])])
        except ChainError as error:
            talk.print(f"[red]down[/red] {error.reason}: {error.message}")
            raise typer.Exit(ExitCode.CANNOT_TELL) from error
    block, age = int(head["number"], 16), clock.now() - int(head["timestamp"], 16)
    talk.print(f"up at {state['url']}, block {block}, made {age} s ago, {version}")
    if as_json:
        emit({**state, "block": block, "block_hash": head["hash"], "version": version})


@node.command()
def permit(
    address: Annotated[list[str], typer.Argument(help="0x and 40 hexadecimal digits, as credence key new prints.")],
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let further accounts send transactions to this folder's chain; its node must not run."""
    from ledger_node.domain.json_object import to_hex
    from ledger_node.domain.signature import parse_address
    from ledger_node.node.embedded import Engine

    with refusals():
        folder = home_of(home).require()
        wanted = [to_hex(parse_address(one, "address")) for one in address]
        with _node_words(), Engine.open(folder.chain, folder.read_key("sealer"), clock.now) as engine:
            engine.set_allowlist(list(dict.fromkeys([*engine.allowlist, *wanted])))
            permitted = list(engine.allowlist)
    talk.print(f"{len(permitted)} accounts may send; start the node")
    if as_json:
        emit({"accounts": list[JSON](permitted)})


def chain_moment_of(home: Home) -> "OpenMoment | None":
    """Return what begins to read the embedded chain of a folder, or None if it has none."""
    if not home.chain.is_file():
        return None

    @contextmanager
    def open_moment() -> "Iterator[ChainMoment]":
        from ledger_node.node.embedded import chain_moment

        with _node_words(), chain_moment(home.chain) as moment:
            yield moment

    return open_moment


def place_chain(survived: Path, place: Path, genesis: bytes, backed_up: "Head | None") -> "Head":
    """Copy a chain that survived to its place, and return its newest block.

    Raises:
        InvalidInputError: ``chain_other_network``; it is of another network, or does not hold the block of the backup.
    """
    from api.backup.content import Head
    from ledger_node.node.embedded import chain_moment

    with _node_words(), chain_moment(survived) as moment:
        goes_on = backed_up is None or moment.hash_of(backed_up.block) == backed_up.hash
        if moment.hash_of(0) != genesis or not goes_on:
            raise InvalidInputError(
                Reason.CHAIN_OTHER_NETWORK,
                f"{survived} is not the chain of this backup, or ends before it; find the right one, or go without",
            )
        moment.copy_to(place)
        return Head(moment.block, moment.block_hash)


@contextmanager
def _node_words() -> "Iterator[None]":
    from ledger_node.node.embedded import NodeError

    try:
        yield
    except NodeError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"{error} ({error.reason})") from error


def _banks(options: list[str]) -> dict[str, str] | None:
    banks = dict(option.partition("=")[::2] for option in options)
    if len(banks) != len(options):
        raise InvalidInputError(Reason.CONFIGURATION, "a bank's short name stands twice", field="bank")
    return banks or None


def found_instance(
    home: Home,
    chain_id: int = DEFAULT_CHAIN_ID,
    *,
    banks: "Mapping[str, str] | None" = None,
    database_url: str | None = None,
    keys_url: str | None = None,
) -> None:
    """Make ``home`` with an embedded chain. ``banks``: short name -> full name; None for the demo bank.

    ``database_url``, ``keys_url``: where its store and its key ledger are, if not in the folder.

    Raises:
        InvalidInputError: ``configuration``; there is something at this path or in these databases already.
        ChainError: the new node does not answer.
    """
    from api.home.store_place import Addresses
    from api.instance.founding import DEMO_BANKS, found

    found(home, chain_id, _create_chain, banks=banks or DEMO_BANKS, addresses=Addresses(database_url, keys_url))


def _create_chain(parameters: "ChainParameters") -> None:
    from ledger_node.domain.json_object import to_hex
    from ledger_node.domain.signature import address_of
    from ledger_node.node.embedded import Engine, Genesis

    genesis = Genesis(
        chain_id=parameters.chain_id,
        timestamp=clock.now(),
        sealer=to_hex(address_of(parameters.sealer_key)),
        allowlist=tuple(to_hex(address) for address in parameters.allowlist),
    )
    with Engine.create(parameters.path, genesis, parameters.sealer_key):
        pass
