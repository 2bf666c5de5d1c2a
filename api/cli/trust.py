"""``credence trust``: the file that evidence is checked against."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import ExitCode, HomeOption, JsonOption, emit, home_of, node_url_of, refusals, talk
from api.cli.help_page import CHECKING, OFFLINE, command_group, page_end
from api.files.evidence import read_trust_file, write_file

_NODE = {ExitCode.CANNOT_TELL: "the node does not answer: try again"}
trust = command_group(
    "The trust file: which network and whose seals evidence is checked against.",
    "credence trust export trust.json --home shop",
    "credence trust show trust.json",
    codes=CHECKING | _NODE,
)


@trust.callback()
def group() -> None:
    """Write and show trust files."""


@trust.command(epilog=page_end("credence trust export trust.json --home shop", codes=OFFLINE | _NODE))
def export(
    file: Annotated[Path, typer.Argument(help="Where the trust file goes.")],
    rpc_url: Annotated[str | None, typer.Option(help="Your own node (default: the folder's).")] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write what a node knows of its network: contracts with the hashes of their code, and who seals blocks since when.

    It is the word of that node. Compare the fingerprint with other members before you rely on it.
    """
    from ledger_node.chain.rpc import Rpc
    from ledger_node.chain.web3_ledger import Web3Ledger

    with refusals():
        folder = home_of(home).require()
        read = Web3Ledger(folder.address_book(), Rpc(rpc_url or node_url_of(folder))).trust()
        write_file(file, json.dumps(read.to_json(), indent=2) + "\n")
    talk.print(f"wrote {file}; read this to another member and compare:", markup=False, soft_wrap=True)
    talk.print(f"  {read.fingerprint}", markup=False)
    if as_json:
        emit({"fingerprint": read.fingerprint, "trust": read.to_json()})


@trust.command(epilog=page_end("credence trust show trust.json", codes=CHECKING))
def show(
    file: Annotated[Path, typer.Argument(help="A trust file.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what a trust file says, and its fingerprint. Needs no network."""
    with refusals():
        read = read_trust_file(file)
    talk.print(f"fingerprint  {read.fingerprint}", markup=False)
    talk.print(f"network      {read.chain_id}, genesis 0x{read.genesis.hex()}", markup=False, soft_wrap=True)
    for contract, code in read.contracts.items():
        talk.print(f"{contract:16} 0x{code.address.hex()}  code 0x{code.code_hash.hex()}", markup=False, soft_wrap=True)
    for each in read.sets:
        sealers = ", ".join(f"0x{address.hex()}" for address in each.addresses)
        talk.print(f"{read.finality} from block {each.from_block}: {sealers}", markup=False, soft_wrap=True)
    if as_json:
        emit({"fingerprint": read.fingerprint, "trust": read.to_json()})
