"""How commands speak: data on stdout, talk on stderr, refusals with their reason and an exit code."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from api.home.home import Home
from api.home.settings import environment
from api.telemetry.log import LogFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    # a client reaches out to a network, and not every command does
    from api.client.client import Client

talk: Final = Console(stderr=True, highlight=False)


class ExitCode(IntEnum):
    """Exit codes of every command; the help page of each says which it has and what they mean there."""

    DONE = 0
    NO = 1
    USAGE = 2
    CANNOT_TELL = 3
    DOES_NOT_CHECK = 4
    REFUSED = 5


_COPIES: Final = frozenset(
    {
        Reason.BACKUP_MALFORMED,
        Reason.BACKUP_OTHER_RECIPIENT,
        Reason.BACKUP_NEWER_FORMAT,
        Reason.CHAIN_OTHER_NETWORK,
        Reason.KEY_COPY_MALFORMED,
        Reason.KEY_COPY_OTHER_INSTANCE,
        Reason.KEY_COPY_OUTDATED,
        Reason.KEY_LEDGER_MISMATCH,
        Reason.PASSPHRASE_WRONG,
        Reason.STORE_MISMATCH,
        Reason.STORE_NEWER,
        Reason.STORE_OUTDATED,
    }
)
"""Reasons why a backup, a copy or a store is not what it must be."""
_REFUSALS: Final = frozenset(
    {
        Reason.NOT_ALLOWED,
        Reason.RECOVERY_NOT_PENDING,
        Reason.REQUEST_ANSWERED,
        Reason.SIGNER_NOT_CONTROLLER,
        Reason.SIGNER_REPEATED,
        Reason.THRESHOLD_NOT_MET,
    }
)
"""Reasons for which a command refuses before the API would."""
_BUSY: Final = frozenset({Reason.STORE_IN_USE, Reason.KEY_LEDGER_BUSY})
"""Reasons that pass by themselves."""
_TRY_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


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
    """Turn refusals into words on stderr and an exit code."""
    try:
        yield
    except CredenceError as error:
        talk.print(f"refused {error.reason}: {error.message}", markup=False, soft_wrap=True)
        raise typer.Exit(exit_code_of(error)) from error


def exit_code_of(error: CredenceError) -> ExitCode:
    """Return the exit code that says what to do about a refusal: mend the command, try again, or accept it."""
    # only what the API answered has a status
    status: int | None = getattr(error, "status", None)
    if status is not None:
        later = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_LATER
        return ExitCode.CANNOT_TELL if later else ExitCode.REFUSED
    if error.reason in _REFUSALS:
        return ExitCode.REFUSED
    if error.reason in _BUSY:
        return ExitCode.CANNOT_TELL
    if error.reason in _COPIES or isinstance(error, VerificationError):
        return ExitCode.DOES_NOT_CHECK
    return ExitCode.USAGE if isinstance(error, InvalidInputError) else ExitCode.CANNOT_TELL


@contextmanager
def log_refusals(form: LogFormat) -> Iterator[None]:
    """Log a refusal in the place of telling it, where programs read stderr."""
    try:
        yield
    except CredenceError as error:
        if form is LogFormat.TEXT:
            raise
        _log.critical("refused: %s", error.message, extra={"fields": {"reason": error.reason.value}})
        raise typer.Exit(exit_code_of(error)) from error


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
    return Client(api_url(home, url), credential, home=None if url or known.url else home.path)


def name_of(sign_in: str | None) -> str:
    """Return the name of whoever signs in.

    Raises:
        InvalidInputError: ``sign_in_needed``; the command names nobody.
    """
    if sign_in is None:
        raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say who you are: --as NAME")
    return sign_in


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


def node_url_of(folder: Home) -> str:
    """Return the address of the folder's own node.

    Raises:
        InvalidInputError: ``configuration``; there is none, so one must be named.
    """
    if not folder.node_file.is_file():
        raise InvalidInputError(Reason.CONFIGURATION, "name a node to check against: --rpc-url")
    return str(json.loads(folder.node_file.read_text("utf-8"))["url"])
