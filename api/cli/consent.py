"""``credence consent``: what the SME does, and what its bank sees of it."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.consent_grant import granting
from api.cli.consent_request import requesting
from api.cli.console import (
    AsOption,
    HomeOption,
    JsonOption,
    UrlOption,
    client_of,
    emit,
    home_of,
    name_of,
    refusals,
    talk,
)
from api.cli.help_page import command_group, page_end
from api.cli.id_prefix import consent_id
from api.cli.signing import ExportOption, KeyOption, sign_and_send
from api.client.consent import signing_domain
from api.client.unsigned_act import unsigned_change, unsigned_withdrawal
from api.files.evidence import read_file
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent import Change
from ledger_node.domain.json_object import from_hex

consents = command_group(
    "Consents: ask, grant, refuse, pause, resume, withdraw, list, show.",
    "credence consent grant --bank 'Demo bank' --as wang-bakery \\\n"
    "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
    "credence consent list --as wang-bakery",
)
consents.add_typer(granting)
consents.add_typer(requesting)
ConsentArgument = Annotated[str, typer.Argument(help="The consent's id, or its first 6 digits or more.")]


@consents.command(epilog=page_end("credence consent pause 0xff35d0 --as wang-bakery"))
def pause(
    consent: ConsentArgument,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Pause a consent: it answers nothing until you resume it."""
    if _change(Change.PAUSE, consent, key, export, sign_in, home, url):
        talk.print("paused; credence consent resume lets it go on")


@consents.command(epilog=page_end("credence consent resume 0xff35d0 --as wang-bakery"))
def resume(
    consent: ConsentArgument,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Let a paused consent go on."""
    if _change(Change.RESUME, consent, key, export, sign_in, home, url):
        talk.print("resumed")


@consents.command(epilog=page_end("credence consent withdraw 0xff35d0 --as wang-bakery"))
def withdraw(
    consent: ConsentArgument,
    key: Annotated[list[str] | None, typer.Option(help="Keys that sign if the secret is lost.")] = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a consent: with its secret, or with a signature if the secret is lost."""
    with refusals():
        folder, name = home_of(home), name_of(sign_in)
        client = client_of(folder, url, name)
        known = consent_id(client, consent)
        raw_id = from_hex(known, "consent")
        path = folder.path / "consents" / f"{raw_id.hex()}.json"
        if path.is_file() and not key and export is None:
            withdrawn = client.post(f"/v1/consents/{known}/withdrawal", decode(read_file(path)))
        else:
            draft = unsigned_withdrawal(signing_domain(client.get("/v1/ledger")), raw_id)
            withdrawn = sign_and_send(folder, client, draft, key or [name], export)
    if withdrawn is None:
        return
    talk.print("withdrawn; it counts for every later use")
    if as_json:
        emit(withdrawn)


@consents.command("list", epilog=page_end("credence consent list --as wang-bakery"))
def list_consents(
    sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False
) -> None:
    """List the consents that you granted (subject) or were granted (bank)."""
    with refusals():
        listed = client_of(home_of(home), url, sign_in).get("/v1/consents")
    if as_json:
        emit(listed)
        return
    for held in listed["consents"]:
        terms = held["terms"]
        talk.print(
            f"{held['state']:10} {held['uses']}/{terms['max_uses']} uses  {terms['purpose']}  {terms['grantee_name']}"
        )
        typer.echo(held["id"])


@consents.command(epilog=page_end("credence consent show 0xff35d0 --as wang-bakery"))
def show(
    consent: ConsentArgument,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Show one consent with its terms, signatures and state, as JSON."""
    with refusals():
        client = client_of(home_of(home), url, sign_in)
        emit(client.get(f"/v1/consents/{consent_id(client, consent)}"))


def _change(
    change: Change,
    consent: str,
    key: list[str] | None,
    export: Path | None,
    sign_in: str | None,
    home: Path | None,
    url: str | None,
) -> bool:
    """Return whether it was sent, and not only exported."""
    with refusals():
        folder, name = home_of(home), name_of(sign_in)
        client = client_of(folder, url, name)
        known = consent_id(client, consent)
        number = client.get(f"/v1/consents/{known}")["changes"] + 1
        domain = signing_domain(client.get("/v1/ledger"))
        draft = unsigned_change(domain, from_hex(known, "consent"), change, number)
        return sign_and_send(folder, client, draft, key or [name], export) is not None
