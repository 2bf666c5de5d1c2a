"""Asking before something is done that cannot be undone; programs say ``--yes`` instead."""

import sys
from typing import Annotated

import typer

from api.cli.console import ExitCode, talk
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

YesOption = Annotated[
    bool, typer.Option("--yes", help="Do it without asking; programs, and commands with --json, must say so.")
]


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
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        talk.print("nothing was done")
        raise typer.Exit(ExitCode.NO)
