"""How commands speak: data on stdout, talk on stderr, refusals with their reason and an exit code."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from api.home.home import Home
from api.home.settings import DEFAULT_PORT, environment
from api.telemetry.log import LogFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    # a client reaches out to a network, and not every command does
    from api.client.client import Client

talk: Final = Console(stderr=True, highlight=False)


class ExitCode(IntEnum):
    """Exit codes of every command; ``verify`` uses them all."""

    HOLDS = 0
    DOES_NOT_HOLD = 1
    USAGE = 2
    CANNOT_TELL = 3


HomeOption = Annotated[Path | None, typer.Option("--home", help="The instance's folder (CREDENCE_HOME, .credence).")]
UrlOption = Annotated[str | None, typer.Option("--url", help="The API (CREDENCE_URL, or the one in the folder).")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", help="Who you are: a name in credentials.json (or CREDENCE_CLIENT_ID and CREDENCE_KEY_FILE)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data as one JSON document.")]

LogOption = Annotated[
    LogFormat | None, typer.Option(help="How logs are written on stderr (default: text at a terminal, else json).")
]
_log = logging.getLogger(__name__)


def printable(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal would obey: others wrote it."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def emit(data: JSON) -> None:
    """Print data on stdout as one line of JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn refusals into words on stderr and exit code 2."""
    try:
        yield
    except CredenceError as error:
        talk.print(f"refused {error.reason}: {error.message}", markup=False, soft_wrap=True)
        raise typer.Exit(ExitCode.USAGE) from error


@contextmanager
def log_refusals(form: LogFormat) -> Iterator[None]:
    """Log a refusal in the place of telling it, where programs read stderr."""
    try:
        yield
    except CredenceError as error:
        if form is LogFormat.TEXT:
            raise
        _log.critical("refused: %s", error.message, extra={"fields": {"reason": error.reason.value}})
        raise typer.Exit(ExitCode.USAGE) from error


def home_of(path: Path | None) -> Home:
    """Return the home folder that the options or the environment name."""
    return Home((path or environment().home).absolute())


def client_of(home: Home, url: str | None, name: str | None) -> "Client":
    """Return a client for the API at ``url``, signed in as ``name``.

    Raises:
        InvalidInputError: ``configuration``; there is no credential of this name, or its key cannot be used.
    """
    from api.client.client import Client
    from api.client.credential import Credential, read_key_file
    from api.client.home_credentials import credential_named

    known = environment()
    credential = None
    if name is not None:
        credential = credential_named(home, name)
    elif known.client_id is not None and known.key_file is not None:
        credential = Credential.published(
            from_hex(known.client_id, "CREDENCE_CLIENT_ID"), read_key_file(known.key_file)
        )
    return Client(api_url(home, url), credential)


def api_url(home: Home, url: str | None) -> str:
    """Return the address of the API: the one given, that of the environment, or the one in the folder."""
    named = url or environment().url
    if named:
        return named
    api_file = home.path / "api.json"
    if api_file.is_file():
        return str(json.loads(api_file.read_text("utf-8"))["url"])
    return f"http://127.0.0.1:{DEFAULT_PORT}"


def node_url_of(folder: Home) -> str:
    """Return the address of the folder's own node.

    Raises:
        InvalidInputError: ``configuration``; there is none, so one must be named.
    """
    if not folder.node_file.is_file():
        raise InvalidInputError(Reason.CONFIGURATION, "name a node to check against: --rpc-url")
    return str(json.loads(folder.node_file.read_text("utf-8"))["url"])
