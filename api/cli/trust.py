"""``credence trust``: the file that evidence is checked against."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from api.cli.command import (
    CHECKING,
    OFFLINE,
    HomeOption,
    Output,
    RpcUrlOption,
    command,
    command_group,
    home_of,
    ledger_of,
)
from api.cli.console import ExitCode, say
from api.cli.language import gettext as _
from api.cli.language import padded
from api.files.evidence import read_trust_file, write_file

_NODE = {ExitCode.CANNOT_TELL: "the node does not answer: try again"}
trust = command_group(
    "The trust file: which network and whose seals evidence is checked against.",
    "credence trust export trust.json --home shop",
    "credence trust show trust.json",
    codes=CHECKING | _NODE,
)


@command(trust, "credence trust export trust.json --home shop", codes=OFFLINE | _NODE)
def export(
    file: Annotated[Path, typer.Argument(help="Where the trust file goes.")],
    rpc_url: RpcUrlOption = None,
    home: HomeOption = None,
) -> Output:
    """Write what a node knows of its network: contracts with the hashes of their code, and who seals blocks since when.

    The words of consents that this folder holds go with it, so that whoever checks evidence can check them too.
    It is the word of that node. Compare the fingerprint with other members before you rely on it.
    """
    folder = home_of(home).require()
    known = folder.wordings().values() if folder.has_wording else ()
    read = replace(
        ledger_of(folder, rpc_url).trust(), wordings=tuple(sorted(known, key=lambda document: document.digest))
    )
    write_file(file, json.dumps(read.to_json(), indent=2) + "\n")
    say(_("wrote {file}; read this to another member and compare:").format(file=file))
    return Output({"fingerprint": read.fingerprint, "trust": read.to_json()}, told=f"  {read.fingerprint}")


@command(trust, "credence trust show trust.json", codes=CHECKING)
def show(file: Annotated[Path, typer.Argument(help="A trust file.")]) -> Output:
    """Show what a trust file says, and its fingerprint. Needs no network."""
    read = read_trust_file(file)
    say(padded(_("fingerprint"), 13) + read.fingerprint)
    say(padded(_("network"), 13) + str(read.chain_id))
    for contract, code in read.contracts.items():
        say(f"{contract:16} 0x{code.address.hex()}  code 0x{code.code_hash.hex()}")
    for era in read.eras:
        say(f"genesis      0x{era.genesis.hex()}")
        for each in era.sets:
            sealers = ", ".join(f"0x{address.hex()}" for address in each.addresses)
            say(f"{era.finality} from block {each.from_block}: {sealers}")
        if era.ends is not None:
            say(f"ended with   block {era.ends.block}, 0x{era.ends.hash.hex()}")
    for document in read.wordings:
        say(padded(_("words"), 13) + f"0x{document.digest.hex()}")
    if not read.wordings:
        say(_("no words of consents: whoever checks with this file does not check them"))
    for mark in read.checkpoints:
        say(f"checkpoint   block {mark.block}, 0x{mark.hash.hex()}")
    return Output({"fingerprint": read.fingerprint, "trust": read.to_json()})
