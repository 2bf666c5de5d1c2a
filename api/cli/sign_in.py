"""``credence sign-in``: new sign-in keys for a member, and the headers of one request for other programs."""

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from api.cli.console import (
    AsOption,
    HomeOption,
    JsonOption,
    UrlOption,
    api_url,
    client_of,
    emit,
    home_of,
    refusals,
    talk,
)
from api.client.client import Client
from api.client.credential import new_key_file, read_key_file
from api.client.error import ApiError
from api.client.session import Session
from api.credential_of import credential_named, credential_row
from api.home import Home
from api.sign_in.jose import public_part
from api.sign_in.key_set import stated_keys
from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import parse_address

sign_in = typer.Typer(no_args_is_help=True, help="Sign-in keys of members, and headers for other programs.")


@sign_in.command()
def rotate(
    name: AsOption = None,
    key_file: Annotated[
        Path | None, typer.Option("--key", help="A key of yours: JWK, PEM or NAME.hsm.json; a new one if not given.")
    ] = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    keep: Annotated[bool, typer.Option(help="Let the keys in force go on counting beside the new one.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a new sign-in key of a member in force; those before it are refused from now on.

    The member's signing key (keys/NAME.json or keys/NAME.hsm.json) signs for it.
    """
    with refusals():
        folder = home_of(home)
        if name is None:
            raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say who you are: --as NAME")
        held = credential_row(folder, name)
        member = from_hex(held["id"], "id")
        client = client_of(folder, url, None)
        number, keys = _in_force(client, member)
        if key_file is None:
            text, key = new_key_file()
            # the file is there before the key counts, so that no member is locked out by a power cut
            file = folder.write_private_key(f"{name}.{number + 1}", text)
        else:
            key, file = read_key_file(key_file), str(key_file.absolute())
        published = [dict(public_part(key).jwk), *(keys if keep else [])]
        stated = stated_keys(member, number + 1, published)
        signature = folder.signer(name).sign(stated.digest(_domain(client)))
        body: dict[str, JSON] = {
            "client": to_hex(member),
            "number": stated.number,
            "keys": list(stated.keys),
            "signature": to_hex(signature),
        }
        client.post("/v1/sign-in-keys", body)
        folder.add_credential(name, {**held, "key": file})
        if not keep:
            _forget(folder, str(held["key"]), file)
    talk.print(f"key set {stated.number} of {name} is in force; its key is in {file}", soft_wrap=True)
    if as_json:
        emit({"client": to_hex(member), "number": stated.number, "key": file, "keys": len(stated.keys)})


@sign_in.command()
def headers(
    method: Annotated[str, typer.Argument(help="GET or POST.")],
    address: Annotated[str, typer.Argument(help="The whole address of the request.")],
    name: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Print the headers that sign one request in, good for a minute: curl -H @- takes them from here."""
    with refusals():
        folder = home_of(home)
        if name is None:
            raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say who you are: --as NAME")
        base = api_url(folder, url)
        session = Session(base, credential_named(folder, name))
        Client(base, session=session).get("/v1/me")
        request = httpx.Request(method.upper(), address)
        session.prove(request)
    for header in ("Authorization", "DPoP"):
        typer.echo(f"{header}: {request.headers[header]}")


def _in_force(client: Client, member: bytes) -> tuple[int, list[Any]]:
    try:
        shown = client.get(f"/v1/sign-in-keys/{to_hex(member)}")
    except ApiError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return 0, []
    return int(shown["number"]), list(shown["keys"])


def _domain(client: Client) -> SigningDomain:
    ledger = client.get("/v1/ledger")
    return SigningDomain(ledger["chain_id"], parse_address(ledger["contracts"]["MemberRegistry"], "MemberRegistry"))


def _forget(folder: Home, old: str, new: str) -> None:
    """Delete a key file of this folder that was replaced; keys that came from elsewhere are their owner's."""
    path = folder.path / old
    if old != new and path.suffix == ".jwk" and path.parent == folder.path / "keys":
        path.unlink(missing_ok=True)
