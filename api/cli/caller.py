"""Who calls, from which folder, and which API or node: the options of commands that look around or ask."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.home.home import Home
from api.home.settings import environment
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    # a client and a node's reader reach out to a network, and not every command does
    from api.client.client import Client
    from ledger_node.chain.web3_ledger import Web3Ledger

HomeOption = Annotated[Path | None, typer.Option("--home", help="The instance's folder (CREDENCE_HOME, .credence).")]
UrlOption = Annotated[str | None, typer.Option("--url", help="The API (CREDENCE_URL, or the one in the folder).")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", help="Who you are: a name in credentials.json (or CREDENCE_CLIENT_ID and CREDENCE_KEY_FILE)."),
]
RpcUrlOption = Annotated[str | None, typer.Option(help="Your own node (default: the folder's).")]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks an API, as the options of a command say."""

    sign_in: AsOption = None
    home: HomeOption = None
    url: UrlOption = None

    @property
    def folder(self) -> Home:
        """Return the home folder that the options or the environment name."""
        return home_of(self.home)

    @property
    def name(self) -> str:
        """Return the name of whoever signs in.

        Raises:
            InvalidInputError: ``sign_in_needed``; the command names nobody.
        """
        if self.sign_in is None:
            raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say who you are: --as NAME")
        return self.sign_in

    def client(self) -> "Client":
        """Return a client for the API, signed in by its name or as the environment says.

        Raises:
            InvalidInputError: ``configuration``; there is no credential of this name, or its key cannot be used.
        """
        from api.client.client import Client
        from api.client.credential import Credential, read_key_file
        from api.client.home_credentials import credential_named

        known = environment()
        credential = None
        if self.sign_in is not None:
            credential = credential_named(self.folder, self.sign_in)
        elif known.client_id is not None and known.key_file is not None:
            credential = Credential.published(
                from_hex(known.client_id, "CREDENCE_CLIENT_ID"), read_key_file(known.key_file)
            )
        return Client(api_url(self.folder, self.url), credential)

    def signed_in(self) -> "Client":
        """Return a client for the API of a caller that has to say its name.

        Raises:
            InvalidInputError: ``sign_in_needed``, or as ``client``.
        """
        return replace(self, sign_in=self.name).client()


@dataclass(frozen=True, slots=True)
class Registrar(Caller):
    """A caller that is the registrar of firms, unless the options name another one."""

    sign_in: AsOption = "market-regulator"


def home_of(path: Path | None) -> Home:
    """Return the home folder that an option or the environment names."""
    return Home((path or environment().home).absolute())


def api_url(home: Home, url: str | None) -> str:
    """Return the address of the API: the one given, that of the environment, or the one in the folder.

    Raises:
        InvalidInputError: ``configuration``; none is known, and nothing is tried.
    """
    named = url or environment().url
    if named:
        return named
    if home.api_file.is_file():
        return str(json.loads(home.api_file.read_text("utf-8"))["url"])
    raise InvalidInputError(
        Reason.CONFIGURATION,
        f"no address of the API is known: name it with --url or CREDENCE_URL, or with --home a folder that "
        f"credence serve has run in ({home.api_file} is missing)",
    )


def ledger_of(folder: Home, rpc_url: str | None) -> "Web3Ledger":
    """Return the ledger of a folder, read at the node that is named, or at the folder's own.

    Raises:
        InvalidInputError: ``configuration``; the folder has no node, so one must be named.
    """
    from ledger_node.chain.rpc import Rpc
    from ledger_node.chain.web3_ledger import Web3Ledger

    if not rpc_url:
        if not folder.node_file.is_file():
            raise InvalidInputError(Reason.CONFIGURATION, "name a node to check against: --rpc-url")
        rpc_url = str(json.loads(folder.node_file.read_text("utf-8"))["url"])
    return Web3Ledger(folder.address_book(), Rpc(rpc_url))
