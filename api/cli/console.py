"""How commands speak: data on stdout, talk on stderr, refusals with their reason and an exit code."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from http import HTTPStatus
from typing import Annotated, Final

import typer
from rich.console import Console

from api.cli.language import gettext as _
from api.cli.language import spoken
from api.language.reason_words import reason_words
from api.telemetry import log
from api.telemetry.log import LogFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_text import Language
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


_CODES: Final = {
    # a backup, a copy or a store is not what it must be
    Reason.BACKUP_MALFORMED: ExitCode.DOES_NOT_CHECK,
    Reason.BACKUP_OTHER_RECIPIENT: ExitCode.DOES_NOT_CHECK,
    Reason.BACKUP_NEWER_FORMAT: ExitCode.DOES_NOT_CHECK,
    Reason.CHAIN_OTHER_NETWORK: ExitCode.DOES_NOT_CHECK,
    Reason.KEY_COPY_MALFORMED: ExitCode.DOES_NOT_CHECK,
    Reason.KEY_COPY_OTHER_INSTANCE: ExitCode.DOES_NOT_CHECK,
    Reason.KEY_COPY_OUTDATED: ExitCode.DOES_NOT_CHECK,
    Reason.KEY_LEDGER_MISMATCH: ExitCode.DOES_NOT_CHECK,
    Reason.PASSPHRASE_WRONG: ExitCode.DOES_NOT_CHECK,
    Reason.STORE_MISMATCH: ExitCode.DOES_NOT_CHECK,
    Reason.STORE_NEWER: ExitCode.DOES_NOT_CHECK,
    Reason.STORE_OUTDATED: ExitCode.DOES_NOT_CHECK,
    # a command refuses before the API would
    Reason.NOT_ALLOWED: ExitCode.REFUSED,
    Reason.GOVERNOR_UNKNOWN: ExitCode.REFUSED,
    Reason.PROPOSAL_UNKNOWN: ExitCode.REFUSED,
    Reason.PROPOSAL_DIGEST_WRONG: ExitCode.REFUSED,
    Reason.PROPOSAL_CLOSED: ExitCode.REFUSED,
    Reason.PROPOSAL_VOTED: ExitCode.REFUSED,
    Reason.PROPOSAL_LACKS_APPROVALS: ExitCode.REFUSED,
    Reason.PROPOSAL_EARLY: ExitCode.REFUSED,
    Reason.COUNCIL_RULE_BROKEN: ExitCode.REFUSED,
    Reason.RECOVERY_NOT_PENDING: ExitCode.REFUSED,
    Reason.REQUEST_ANSWERED: ExitCode.REFUSED,
    Reason.SIGNER_NOT_CONTROLLER: ExitCode.REFUSED,
    Reason.SIGNER_REPEATED: ExitCode.REFUSED,
    Reason.THRESHOLD_NOT_MET: ExitCode.REFUSED,
    # another node must be named, or this one be set up otherwise
    Reason.NODE_LIMIT: ExitCode.USAGE,
    # these pass by themselves
    Reason.STORE_IN_USE: ExitCode.CANNOT_TELL,
    Reason.KEY_LEDGER_BUSY: ExitCode.CANNOT_TELL,
}
"""Reasons whose exit code does not follow from the kind of the error."""


JsonOption = Annotated[bool, typer.Option("--json", help="Print data as one JSON document.")]

LogOption = Annotated[
    LogFormat | None, typer.Option(help="How logs are written on stderr (default: text at a terminal, else json).")
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Do it without asking; programs, and commands with --json, must say so.")
]
_log = logging.getLogger(__name__)


def printable(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal would obey: others wrote it."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def say(text: str) -> None:
    """Print a line on stderr as it is, and as long as it is."""
    talk.print(text, markup=False, soft_wrap=True)


def emit(data: JSON) -> None:
    """Print data on stdout as one line of JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False))


def exit_code_of(error: CredenceError) -> ExitCode:
    """Return the exit code that says what to do about a refusal: mend the command, try again, or accept it."""
    # only what the API answered has a status
    status: int | None = getattr(error, "status", None)
    if status is not None:
        later = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.TOO_MANY_REQUESTS,
        }
        return ExitCode.CANNOT_TELL if later else ExitCode.REFUSED
    if error.reason in _CODES:
        return _CODES[error.reason]
    if isinstance(error, InvalidInputError):
        return ExitCode.USAGE
    return ExitCode.DOES_NOT_CHECK if isinstance(error, VerificationError) else ExitCode.CANNOT_TELL


def refusal_text(reason: Reason, message: str) -> str:
    """Return a refusal in the language that is spoken; what exactly was found stays as the program says it."""
    if spoken() is Language.ENGLISH:
        return f"refused {reason}: {message}"
    words = reason_words(reason, spoken())
    return f"已拒绝 {reason}：{words.meaning}{words.next_step}\n  （{message}）"


@contextmanager
def refusals(code_of: Callable[[CredenceError], ExitCode] = exit_code_of) -> Iterator[None]:
    """Turn refusals into words on stderr and an exit code."""
    try:
        yield
    except CredenceError as error:
        say(refusal_text(error.reason, error.message))
        raise typer.Exit(code_of(error)) from error


@contextmanager
def logging_as(chosen: LogFormat | None) -> Iterator[LogFormat]:
    """Write logs, and where programs read stderr a refusal as well."""
    form = chosen or LogFormat.usual()
    log.configure(form)
    try:
        yield form
    except CredenceError as error:
        if form is LogFormat.TEXT:
            raise
        _log.critical("refused: %s", error.message, extra={"fields": {"reason": error.reason.value}})
        raise typer.Exit(exit_code_of(error)) from error


def require_answerer(*, yes: bool, as_json: bool = False) -> None:
    """Require that somebody can be asked, or that ``--yes`` was said; called before anything is done.

    Raises:
        InvalidInputError: ``request_invalid``; there is no terminal, or a program reads the answer.
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        raise InvalidInputError(
            Reason.REQUEST_INVALID, "nobody can be asked here, so nothing was done; add --yes to do it without asking"
        )


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless ``--yes`` was said; end the command where the answer is no."""
    if yes:
        return
    # typer.confirm would write to stdout as well, where only data goes
    talk.print(f"{question} [y/N] ", end="", markup=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes", "是"}:
        talk.print(_("nothing was done"))
        raise typer.Exit(ExitCode.NO)
