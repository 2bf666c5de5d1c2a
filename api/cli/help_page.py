"""Help pages: plain text that fits 80 columns, with examples and the exit codes at the end of each."""

from collections.abc import Mapping
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

from api.cli.console import ExitCode

_WHOLE: Final = 1000
OFFLINE: Final = {
    ExitCode.DONE: "done",
    ExitCode.USAGE: "usage: correct the command, or the files that it names",
}
"""Codes of a command that asks nobody."""
CHECKING: Final = OFFLINE | {ExitCode.DOES_NOT_CHECK: "what was read does not check: rely on nothing in it"}
"""Codes of a command that also checks signatures, proofs or copies."""
ONLINE: Final = OFFLINE | {
    ExitCode.CANNOT_TELL: "no answer from the API or the ledger: try again",
    ExitCode.REFUSED: "refused: the reason says why",
}
"""Codes of a command that asks the API or the ledger."""

GENERAL: Final = {
    ExitCode.DONE: "done, or the answer is yes",
    ExitCode.NO: "the answer is no; or you said no",
    **{code: ONLINE[code] for code in (ExitCode.USAGE, ExitCode.CANNOT_TELL, ExitCode.REFUSED)},
    ExitCode.DOES_NOT_CHECK: CHECKING[ExitCode.DOES_NOT_CHECK],
}
"""What each code means in any command."""


class _Group(TyperGroup):
    """Lists its commands with whole sentences, where Typer would cut them."""

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(_WHOLE)) for name, command in self.commands.items()])


def page_end(*examples: str, codes: Mapping[ExitCode, str] = ONLINE) -> str:
    """Return the end of a help page. An example may have several lines."""
    shown = [f"  {line}" for example in examples for line in example.splitlines()]
    listed = [f"  {int(code)}  {codes[code]}" for code in sorted(codes)]
    # the mark \b keeps a paragraph's lines as they are
    return "\n".join(["\b", "Examples:", *shown, "", "\b", "Exit codes:", *listed])


def command_group(words: str = "", *examples: str, codes: Mapping[ExitCode, str] = ONLINE) -> typer.Typer:
    """Return a group of commands. Without ``words`` it only holds commands that stand alone."""
    # the formatter without Rich never cuts the name of an option
    return typer.Typer(
        cls=_Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        help=words,
        epilog=page_end(*examples, codes=codes),
    )
