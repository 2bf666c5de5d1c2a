"""How commands speak: data on stdout, talk on stderr, refusals with their reason and an exit code."""

import datetime as dt
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from http import HTTPStatus
from typing import Annotated, Final

import typer
from rich.console import Console

from api.telemetry.log import LogFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

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


JsonOption = Annotated[bool, typer.Option("--json", help="Print data as one JSON document.")]

LogOption = Annotated[
    LogFormat | None, typer.Option(help="How logs are written on stderr (default: text at a terminal, else json).")
]
_log = logging.getLogger(__name__)


def printable(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal would obey: others wrote it."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def say(text: str) -> None:
    """Print a line on stderr as it is, and as long as it is."""
    talk.print(text, markup=False, soft_wrap=True)


def time_text(seconds: int) -> str:
    """Return a moment in UTC, as ISO 8601 writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def emit(data: JSON) -> None:
    """Print data on stdout as one line of JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn refusals into words on stderr and an exit code."""
    try:
        yield
    except CredenceError as error:
        say(f"refused {error.reason}: {error.message}")
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
