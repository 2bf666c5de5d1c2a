"""What a command is: a function with options, a help page that fits 80 columns, and what it prints at the end."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from typing import Any, Final, TypeVar

import typer
from typer.core import TyperGroup
from typing_extensions import override

from api.cli.console import ExitCode, JsonOption, emit, refusals
from ledger_node.domain.canonical import JSON

_Function = TypeVar("_Function", bound=Callable[..., Any])
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

GENERAL: Final = (
    CHECKING | ONLINE | {ExitCode.DONE: "done, or the answer is yes", ExitCode.NO: "the answer is no; or you said no"}
)
"""What each code means in any command."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a command ends: its data for ``--json``, the line it prints in the place of that, and its exit code."""

    data: JSON
    line: str | None = None
    code: ExitCode = ExitCode.DONE


class Group(TyperGroup):
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
        cls=Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        help=words,
        epilog=page_end(*examples, codes=codes),
    )


def command(
    group: typer.Typer, *examples: str, name: str | None = None, codes: Mapping[ExitCode, str] = ONLINE
) -> Callable[[_Function], _Function]:
    """Add a function to a group as a command, which tells its refusals.

    A parameter that is a dataclass stands for options, one a field. A function that returns ``Output`` has ``--json``.
    """

    def add(function: _Function) -> _Function:
        group.command(name, epilog=page_end(*examples, codes=codes))(_run(function))
        return function

    return add


def _run(function: Callable[..., Output | None]) -> Callable[..., None]:
    """Return a function as Typer calls it: with an option for each field of its groups of options."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    groups: dict[str, Any] = {each.name: each.annotation for each in parameters if is_dataclass(each.annotation)}
    options = [option for each in parameters for option in _options(each)]
    takes_json = "as_json" in signature.parameters
    if signature.return_annotation is not None and not takes_json:
        options.append(
            inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption)
        )

    @wraps(function)
    def run(**given: Any) -> None:  # noqa: ANN401 - what the options hold
        as_json = given.get("as_json", False) if takes_json else given.pop("as_json", False)
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        with refusals():
            output = function(**given)
        if output is None:
            return
        if as_json:
            emit(output.data)
        elif output.line is not None:
            typer.echo(output.line)
        raise typer.Exit(output.code)

    run.__dict__["__signature__"] = signature.replace(parameters=options)
    return run


def _options(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    # as keywords, they may stand in any order
    if not is_dataclass(parameter.annotation):
        return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=field.type,
        )
        for field in fields(parameter.annotation)
    ]
