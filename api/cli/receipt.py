"""``credence receipt``: receipts of what happened to consents, and checking one without any network."""

import json
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.client.client import Client
from api.home import Home
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import MAX_BYTES, Act, Receipt
from ledger_node.domain.receipt_check import TrustedKeeper, check_receipt
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import parse_address

receipt = typer.Typer(no_args_is_help=True, help="Receipts of consents: list, save, verify.")
ConsentArgument = Annotated[str, typer.Argument(help="The id of the consent, or of the request that was answered.")]


class ReceiptExit(IntEnum):
    """Exit codes of ``verify``."""

    CHECKS = 0
    DOES_NOT_CHECK = 1
    USAGE = 2


@receipt.command(name="list")
def list_receipts(
    consent: ConsentArgument,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the receipts of a consent of yours (subject or bank), or of the answer to a request."""
    with refusals():
        found = _receipts(client_of(home_of(home), url, sign_in), consent)
    for one in found:
        talk.print(_line(one), markup=False, soft_wrap=True)
        if not as_json:
            typer.echo(to_hex(one.digest))
    if as_json:
        emit({"receipts": [{"id": to_hex(one.digest), "receipt": one.to_json()} for one in found]})


@receipt.command()
def save(
    consent: ConsentArgument,
    folder: Annotated[Path, typer.Option(help="Where to; one file a receipt.")] = Path(),
    act: Annotated[Act | None, typer.Option(help="Only receipts of this.")] = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="A page for people beside each document.")] = False,
) -> None:
    """Save receipts as documents that check offline."""
    from api.receipt_page import receipt_page

    with refusals():
        client = client_of(home_of(home), url, sign_in)
        wanted = [one for one in _receipts(client, consent) if act in {None, one.act}]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for one in wanted:
                path = folder / f"{one.act}-{one.digest.hex()[:16]}.json"
                path.write_bytes(one.to_bytes())
                typer.echo(str(path))
                if html:
                    page = path.with_suffix(".html")
                    page.write_text(receipt_page([(one, _text(client, one))]), "utf-8")
                    typer.echo(str(page))
        except OSError as error:
            raise InvalidInputError(Reason.CONFIGURATION, f"cannot write to {folder}: {error.strerror}") from error


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The document.")],
    key: Annotated[
        list[str] | None, typer.Option(help="Address of a key of the keeper that you trust (default: the folder's).")
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Id of the keeper that you trust (default: any, by its key).")
    ] = None,
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check a receipt without any network. Exit code: 0 it checks, 1 it does not, 2 usage.

    Without --key the keeper and the network are those of the instance's folder.
    """
    with refusals():
        trusted = _trusted(home_of(home), key or [], member)
        document = _read(file)
    try:
        one = check_receipt(document, trusted)
    except VerificationError as error:
        talk.print(f"does not check: {error.message} ({error.reason})", markup=False, soft_wrap=True)
        if as_json:
            emit({"checks": False, "reason": error.reason.value, "message": error.message})
        raise typer.Exit(ReceiptExit.DOES_NOT_CHECK) from error
    talk.print(f"checks: {_line(one)}, block {one.recorded.block_number}", markup=False, soft_wrap=True)
    if trusted.domain is None:
        network = f"chain {one.domain.chain_id}, ConsentRegistry {to_hex(one.domain.contract)}"
        talk.print(f"by the key you named, about {network}", soft_wrap=True)
    if as_json:
        emit({"checks": True, "id": to_hex(one.digest), "receipt": one.to_json()})


def _receipts(client: Client, about: str) -> list[Receipt]:
    return [Receipt.from_json(item) for item in client.receipts(to_hex(from_hex(about, "consent")))]


def _text(client: Client, one: Receipt) -> str | None:
    if one.act is Act.REFUSED:
        return None
    return str(client.get(f"/v1/consents/{to_hex(one.id)}")["text"])


def _trusted(folder: Home, keys: list[str], member: str | None) -> TrustedKeeper:
    keeper = None if member is None else from_hex(member, "member")
    if keys:
        return TrustedKeeper(frozenset(parse_address(key, "key") for key in keys), keeper)
    book = folder.require().address_book()
    domain = SigningDomain(book.chain_id, book.contracts["ConsentRegistry"])
    return TrustedKeeper(folder.relayer_keys(), keeper, domain)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot read {file}: {error.strerror}") from error


def _line(one: Receipt) -> str:
    number = f" {one.number}" if one.number else ""
    terms = one.basis.terms
    words = f"{one.act}{number}  {terms.purpose}  {terms.grantee_name}"
    # what a bank calls itself must not steer the terminal that shows it
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in words)
