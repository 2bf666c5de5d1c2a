"""``credence sign``, ``submit`` and ``key``: acts that several people sign, each with a key of their own machine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from api.catalogue.datatype import schemas
from api.cli.command import (
    CHECKING,
    OFFLINE,
    ONLINE,
    Caller,
    HomeOption,
    Output,
    alone,
    command,
    command_group,
    home_of,
)
from api.cli.console import ExitCode, YesOption, confirm, emit, require_answerer, say
from api.cli.language import gettext as _
from api.client.client import Client
from api.client.unsigned_act import CollectedSignature, UnsignedAct, read_unsigned_act
from api.files.evidence import read_file, write_file
from api.home.home import Home
from ledger_node import clock
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import Bounds, Consent, Terms
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.grant_rule import require_askable
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Signature
from ledger_node.randomness import random_bytes

key = command_group("Keys of this folder: make one, show its address.", "credence key new alice", codes=OFFLINE)
KeyOption = Annotated[list[str] | None, typer.Option(help="Keys that sign (names in keys/); default: your name.")]
ExportOption = Annotated[
    Path | None,
    typer.Option(help="Do not sign and send; write what is to be signed to this file, for credence sign and submit."),
]
DraftArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that --export wrote.")]
NameArgument = Annotated[str, typer.Argument(help="The key's name in this folder.")]


@dataclass(frozen=True, slots=True)
class Signing:
    """Which keys of the folder sign an act; or the file that it is exported to, for others to sign."""

    key: KeyOption = None
    export: ExportOption = None

    def names(self, caller: Caller) -> Sequence[str]:
        """Return the names of the keys that sign: the caller's own, if none is named.

        Raises:
            InvalidInputError: ``sign_in_needed``; neither is named.
        """
        if self.key:
            return self.key
        if caller.sign_in is None:
            raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say whose keys sign: --key NAME, or --as NAME")
        return [caller.sign_in]

    def send(self, caller: Caller, client: Client, draft: UnsignedAct) -> Any:  # noqa: ANN401 - JSON of the route
        """Sign an act and send it; or export it, and return None."""
        names, folder = self.names(caller), caller.folder
        if self.export is None:
            return draft.submit(client, [sign(draft.digest, folder.read_key(name)) for name in names])
        write_file(self.export, json.dumps(draft.content, ensure_ascii=False, indent=2) + "\n")
        told = _(
            "not signed yet. Each controller: credence sign {file} --key NAME --out SIGNATURE.json\n"
            "then one of you: credence submit {file} --signature SIGNATURE.json --signature …"
        )
        say(told.format(file=self.export))
        return None


@command(
    alone,
    "credence sign grant.json --key alice --out alice.json",
    name="sign",
    codes=OFFLINE | {ExitCode.NO: "you said no"},
)
def sign_draft(
    *,
    draft: DraftArgument,
    key_name: Annotated[str, typer.Option("--key", help="The key that signs (a name in keys/).")],
    out: Annotated[Path | None, typer.Option(help="Where the signature goes (default: stdout).")] = None,
    home: HomeOption = None,
    yes: YesOption = False,
) -> None:
    """Show what an exported act says, check it, ask, and sign it with a key of this folder. Needs no network."""
    require_answerer(yes=yes)
    act, key = read_unsigned_act(_json(draft)), home_of(home).read_key(key_name)
    say(act.words)
    if "terms" in act.content:
        # what can be checked of a grant without a network: it is not over, and asks what can be asked
        consent = Consent(Terms.from_json(act.content["terms"]), Bounds.from_json(act.content["bounds"]))
        require_askable(consent.asked, schemas(), now=clock.now())
    confirm(_("Do you sign this as {name}?").format(name=key_name), yes=yes)
    collected = CollectedSignature(act.digest, sign(act.digest, key)).to_json()
    if out is None:
        emit(collected)
        return
    write_file(out, json.dumps(collected) + "\n")
    say(_("signed as {name}; the signature is in {file}").format(name=key_name, file=out))


@command(
    alone,
    "credence submit grant.json --signature alice.json --signature bob.json \\\n    --as wang-bakery",
    codes=CHECKING | ONLINE,
)
def submit(
    *,
    draft: DraftArgument,
    signature: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="A signature that credence sign made.")
    ] = None,
    key_name: Annotated[list[str] | None, typer.Option("--key", help="A key of this folder that signs too.")] = None,
    caller: Caller,
) -> Output:
    """Send an exported act with the signatures that were collected for it."""
    folder, act = caller.folder, read_unsigned_act(_json(draft))
    signatures: list[Signature] = [
        CollectedSignature.from_json(_json(path)).over(act.digest) for path in signature or []
    ]
    signatures += [sign(act.digest, folder.read_key(name)) for name in key_name or []]
    answer = act.submit(caller.client(), signatures)
    return Output(answer, answer.get("id"), told=_("done with {count} signatures").format(count=len(signatures)))


@command(key, "credence key new alice --home shop", codes=OFFLINE)
def new(name: NameArgument, home: HomeOption = None) -> None:
    """Make a key and print its address; the folder is made where there is none yet."""
    folder = home_of(home)
    if folder.has_key(name):
        raise InvalidInputError(Reason.CONFIGURATION, f"there is a key called '{name}' already")
    folder.ensure_passphrase()
    address = make_key(folder, name)
    say(_("made a key: {file}").format(file=folder.path / "keys" / f"{name}.json"))
    typer.echo(to_hex(address))


@command(key, "credence key address alice --home shop", codes=OFFLINE)
def address(name: NameArgument, home: HomeOption = None) -> None:
    """Print the address of a key."""
    typer.echo(to_hex(address_of(home_of(home).read_key(name))))


def make_key(folder: Home, name: str) -> bytes:
    """Make a key of this folder and return its address."""
    secret = random_bytes(32)
    folder.write_key(name, secret)
    return address_of(secret)


def _json(path: Path) -> JSON:
    return decode(read_file(path))
