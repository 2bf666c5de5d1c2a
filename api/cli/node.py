"""``credence init`` and ``credence node``: founding an embedded chain, and running it."""

import json
import logging
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.command import OFFLINE, HomeOption, Output, alone, command, command_group, home_of
from api.cli.console import ExitCode, JsonOption, LogOption, emit, logging_as, talk
from api.home.home import write_private
from api.home.listening import reachable_host
from api.home.portal_host import LOCAL_HOST
from api.home.settings import environment
from api.telemetry.log import LogFormat
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    from ledger_node.chain.port import Delays

_DELAYS: Final = 2
_LENGTH: Final = re.compile(r"([0-9]{1,9})([dhms]?)")
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_log = logging.getLogger(__name__)

_CODES = OFFLINE | {ExitCode.CANNOT_TELL: "the node does not answer: try again"}
node = command_group("The embedded chain node.", "credence node status --home shop", codes=_CODES)


@command(
    alone,
    "credence init --home shop",
    "credence init --home shop --bank north-bank='North Bank' --delay 3d,7d",
    "credence init --home shop --portal-host credence.example.org",
    codes=_CODES,
)
def init(
    home: HomeOption = None,
    chain_id: Annotated[
        int | None, typer.Option(min=1, max=2**53 - 1, help="EIP-155 chain id (default: drawn).")
    ] = None,
    delay: Annotated[
        str,
        typer.Option(
            metavar="GIVE,CHANGE", help="How long the council's decisions wait: to give power, and to change it."
        ),
    ] = "0,0",
    bank: Annotated[
        list[str] | None,
        typer.Option(metavar="SHORT=NAME", help="A founding bank, e.g. north-bank='North Bank'; may be repeated."),
    ] = None,
    portal_host: Annotated[
        str,
        typer.Option(
            metavar="HOST", help="The exact host of the portal's pages; passkeys are bound to it and to no other."
        ),
    ] = LOCAL_HOST,
) -> Output:
    """Found a consortium of one: keys, genesis, contracts, address book, members, sign-in keys."""
    from api.client.asking import spend_seed
    from api.instance.embedded import found_instance

    folder = home_of(home)
    talk.print(f"founding a consortium of one in {folder.path}")
    known = environment()
    banks, delays = _banks(bank or []), _delays(delay)
    found_instance(
        folder,
        chain_id,
        banks=banks,
        database_url=known.database_url,
        keys_url=known.keys_url,
        delays=delays,
        portal_host=portal_host,
    )
    for slug in banks:
        spend_seed(folder, slug)
    book = folder.address_book()
    talk.print(f"chain id {book.chain_id}: what is signed for it counts on no other chain", soft_wrap=True)
    names = list(folder.credentials())
    talk.print(f"done; credentials of {', '.join(names)} are in {folder.path / 'credentials.json'}")
    return Output(
        {"home": str(folder.path), **book.to_json(), "credentials": list[JSON](names)},
        told=f"next: credence serve --home {folder.path}",
    )


@command(node, "credence node run --home shop --port 8545", codes=_CODES)
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
    from api.instance.embedded import run_chain

    with logging_as(log_format) as form:
        folder = home_of(home)

        def ready(bound: int) -> None:
            url = f"http://{reachable_host(host)}:{bound}"
            state: dict[str, JSON] = {"url": url, "port": bound, "pid": os.getpid()}
            write_private(folder.node_file, json.dumps(state) + "\n", secret=False)
            if as_json:
                emit(state)
            elif form is LogFormat.TEXT:
                talk.print(f"the node answers JSON-RPC at {url}")
            else:
                _log.info("the node answers JSON-RPC at %s", url)

        run_chain(folder, host, port, allowed_hosts=allow_host or (), on_ready=ready, ends_with_parent=stop_with_parent)


@command(node, "credence node status --home shop", codes=_CODES)
def status(home: HomeOption = None) -> Output:
    """Say whether the node runs and where its chain stands."""
    from ledger_node.chain.rpc import Rpc

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
    return Output(
        {**state, "block": block, "block_hash": head["hash"], "version": version},
        told=f"up at {state['url']}, block {block}, made {age} s ago, {version}",
    )


@command(node, "credence node permit 0x7e5f4552091a69125d5dfcb7b8c2659029395bdf", codes=_CODES)
def permit(
    address: Annotated[list[str], typer.Argument(help="0x and 40 hexadecimal digits, as credence key new prints.")],
    home: HomeOption = None,
) -> Output:
    """Let further accounts send transactions to this folder's chain; its node must not run."""
    from api.instance.embedded import permit_accounts
    from ledger_node.domain.signature import parse_address

    permitted = permit_accounts(home_of(home).require(), [parse_address(one, "address") for one in address])
    return Output({"accounts": list[JSON](permitted)}, told=f"{len(permitted)} accounts may send; start the node")


def _banks(options: list[str]) -> Mapping[str, str]:
    from api.instance.founding import DEMO_BANKS

    banks = dict(option.partition("=")[::2] for option in options)
    if len(banks) != len(options):
        raise InvalidInputError(Reason.CONFIGURATION, "a bank's short name stands twice", field="bank")
    return banks or DEMO_BANKS


def _delays(option: str) -> "Delays":
    """Read two lengths of time, such as 3d,7d."""
    from ledger_node.chain.port import Delays

    parts = [_LENGTH.fullmatch(part) for part in option.split(",")]
    if len(parts) != _DELAYS or not all(parts):
        raise InvalidInputError(
            Reason.CONFIGURATION, "write two delays with a comma, such as 3d,7d; units are d, h, m and s", field="delay"
        )
    give, change = (int(part[1]) * _SECONDS[part[2] or "s"] for part in parts if part is not None)
    return Delays(give, change)
