"""``credence sign-in``: new sign-in keys for a member or a firm, and the headers of one request for other programs."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from api.cli.command import AsOption, Caller, HomeOption, Output, UrlOption, api_url, command, command_group
from api.cli.signing import ExportOption, Signing
from api.client.client import Client
from api.client.consent import signing_domain
from api.client.credential import credential_named, read_key_file
from api.client.error import ApiError
from api.client.session import Session
from api.client.unsigned_act import unsigned_sign_in_keys
from api.home.home import Home
from api.sign_in.protocol.assertion import new_key_file, stated_keys
from api.sign_in.protocol.jose import Key, public_part
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

sign_in = command_group("Sign-in keys, and headers for other programs.", "credence sign-in rotate --as demo-bank")


@command(
    sign_in,
    "credence sign-in rotate --as demo-bank",
    "credence sign-in rotate --as wang-bakery --signed-by wang-bakery",
)
def rotate(
    *,
    name: AsOption = None,
    key_file: Annotated[
        Path | None, typer.Option("--key", help="A key of yours: JWK, PEM or NAME.hsm.json; a new one if not given.")
    ] = None,
    signed_by: Annotated[str | None, typer.Option(help="For a firm: a controller's key in this folder.")] = None,
    number: Annotated[
        int | None, typer.Option(min=1, help="For a firm: which set of keys this is; default: the next one from here.")
    ] = None,
    export: ExportOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    keep: Annotated[
        bool, typer.Option(help="Let the keys in force go on counting beside the new one (members).")
    ] = False,
) -> Output:
    """Put a new sign-in key in force; those before it are refused from now on.

    For a member its signing key signs (keys/NAME.json or keys/NAME.hsm.json). For a firm whose controllers' keys are
    elsewhere one of them signs: here (--signed-by) or at another machine (--export).
    """
    caller = Caller(name, home, url)
    folder, name = caller.folder, caller.name
    held = folder.credential(name)
    owner, is_firm = from_hex(held["id"], "id"), held["kind"] == "subject"
    client = Caller(None, home, url).client()
    last, keys = (int(held.get("set", 0)), []) if is_firm else _in_force(client, owner)
    following = number or last + 1
    key, file = _key(folder, key_file, f"{name}.{following}")
    stated = stated_keys(owner, following, [dict(public_part(key).jwk), *(keys if keep else [])])
    draft = unsigned_sign_in_keys(
        signing_domain(client.get("/v1/ledger"), "SubjectRegistry" if is_firm else "MemberRegistry"), stated
    )
    if is_firm and signed_by is None and export is None:
        raise InvalidInputError(Reason.CONFIGURATION, "say who signs for the firm: --signed-by KEY, or --export FILE")
    if is_firm or export is not None:
        done = Signing([signed_by] if signed_by else None, export).send(caller, client, draft)
    else:
        done = draft.submit(client, [folder.signer(name).sign(draft.digest)])
    row = {"kind": held["kind"], "id": held["id"], "key": file}
    folder.add_credential(name, {**row, "set": following} if is_firm else row)
    if done is not None and not keep:
        _forget(folder, str(held.get("key", "")), file)
    in_force = f"key set {following} of {name} is in force; its key is in {file}"
    return Output(
        {"client": to_hex(owner), "number": following, "key": file, "keys": len(stated.keys)},
        told=None if done is None else in_force,
    )


@command(
    sign_in,
    "credence sign-in headers GET http://127.0.0.1:8700/v1/me --as demo-bank \\\n"
    "    | curl -H @- http://127.0.0.1:8700/v1/me",
)
def headers(
    method: Annotated[str, typer.Argument(help="GET or POST.")],
    address: Annotated[str, typer.Argument(help="The whole address of the request.")],
    caller: Caller,
) -> None:
    """Print the headers that sign one request in, good for a minute: curl -H @- takes them from here."""
    base = api_url(caller.folder, caller.url)
    session = Session(base, credential_named(caller.folder, caller.name))
    with closing(Client(base, session=session)) as client:
        client.get("/v1/me")
    request = httpx.Request(method.upper(), address)
    session.prove(request)
    for header in ("Authorization", "DPoP"):
        typer.echo(f"{header}: {request.headers[header]}")


def _key(folder: Home, given: Path | None, name: str) -> tuple[Key, str]:
    """Return the key of a file, or a new one, and the file as credentials.json names it."""
    if given is not None:
        return read_key_file(given), str(given.absolute())
    text, key = new_key_file()
    # the file is there before the key counts, so that nobody is locked out by a power cut
    return key, folder.write_private_key(name, text)


def _in_force(client: Client, member: bytes) -> tuple[int, list[Any]]:
    try:
        shown = client.get(f"/v1/sign-in-keys/{to_hex(member)}")
    except ApiError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return 0, []
    return int(shown["number"]), list(shown["keys"])


def _forget(folder: Home, old: str, new: str) -> None:
    """Delete a key file that we made and that was replaced; a key that somebody named with --key is its owner's."""
    path = folder.path / old
    # we name ours from the folder on, and those of others by their whole path
    if old != new and not Path(old).is_absolute() and path.suffix == ".jwk" and path.parent == folder.path / "keys":
        path.unlink(missing_ok=True)
