"""What every command has: a help page that fits 80 columns, whoever calls it from a folder, and what it prints."""

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer
from typer.core import TyperGroup
from typing_extensions import override

from api.cli.console import ExitCode, JsonOption, emit, refusals, say
from api.cli.language import choose
from api.home.home import Home
from api.home.settings import environment
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_text import language_named
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
SpokenOption = Annotated[
    str | None, typer.Option("--language", hidden=True, help="The language to speak: zh or en (default: by LANG).")
]
RpcUrlOption = Annotated[str | None, typer.Option(help="Your own node (default: the folder's).")]
_Function = TypeVar("_Function", bound=Callable[..., Any])
_WHOLE: Final = 1000
_OPENED: Final[ContextVar[ExitStack | None]] = ContextVar("opened", default=None)
"""What the command that runs has opened: it is closed when the command ends."""
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
    """How a command ends: what it tells, its data for ``--json``, and what it prints in the place of that.

    ``told`` goes to stderr, and ``line`` to stdout; of each of the ``rows`` the first text to stderr, and the second to
    stdout. ``code``: its exit code.
    """

    data: JSON
    line: str | None = None
    rows: Iterable[tuple[str, str]] = ()
    told: str | None = None
    code: ExitCode = ExitCode.DONE

    def print(self) -> None:
        """Tell and print what people read."""
        for told, printed in self.rows:
            say(told)
            typer.echo(printed)
        if self.line is not None:
            typer.echo(self.line)


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


alone: Final = command_group()
"""The commands that stand alone, of every module that is imported."""


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

    takes_language = any(option.name == "language" for option in options)
    if not takes_language:
        keyword = inspect.Parameter.KEYWORD_ONLY
        options.append(inspect.Parameter("language", keyword, default=None, annotation=SpokenOption))

    @wraps(function)
    def run(**given: Any) -> None:  # noqa: ANN401 - what the options hold
        # commands that show the words of a consent have the option themselves
        language = given.get("language") if takes_language else given.pop("language", None)
        as_json = given.get("as_json", False) if takes_json else given.pop("as_json", False)
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        with refusals(), ExitStack() as opened:
            _OPENED.set(opened)
            if language is not None:
                choose(language_named(language))
            output = function(**given)
        if output is None:
            return
        if output.told is not None:
            say(output.told)
        if as_json:
            emit(output.data)
        else:
            output.print()
        raise typer.Exit(output.code)

    run.__dict__["__signature__"] = signature.replace(parameters=options)
    return run


def _options(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    group, given = parameter.annotation, [parameter]
    if isinstance(group, type) and is_dataclass(group):
        given = list(inspect.signature(group).parameters.values())
    # as keywords, they may stand in any order
    return [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in given]


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
        """Return a client for the API, signed in by its name or as the environment says; it closes with the command.

        Raises:
            InvalidInputError: ``configuration``; there is no credential of this name, or its key cannot be used.
        """
        from api.client.client import Client
        from api.client.credential import Credential, credential_named, read_key_file

        known = environment()
        credential = None
        if self.sign_in is not None:
            credential = credential_named(self.folder, self.sign_in)
        elif known.client_id is not None and known.key_file is not None:
            credential = Credential.published(
                from_hex(known.client_id, "CREDENCE_CLIENT_ID"), read_key_file(known.key_file)
            )
        home = None if self.url or known.url else self.folder.path
        client = Client(api_url(self.folder, self.url), credential, home=home)
        if (opened := _OPENED.get()) is not None:
            opened.callback(client.close)
        return client

    def signed_in(self) -> "Client":
        """Return a client for the API of a caller that has to say its name.

        Raises:
            InvalidInputError: ``sign_in_needed``, or as ``client``.
        """
        return Caller(self.name, self.home, self.url).client()


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

    return Web3Ledger(folder.address_book(), Rpc(node_url(folder, rpc_url)))


def node_url(folder: Home, rpc_url: str | None) -> str:
    """Return the address of the node that is named, or of the folder's own.

    Raises:
        InvalidInputError: ``configuration``; the folder has no node, so one must be named.
    """
    if rpc_url:
        return rpc_url
    if not folder.node_file.is_file():
        raise InvalidInputError(Reason.CONFIGURATION, "name a node to check against: --rpc-url")
    return str(json.loads(folder.node_file.read_text("utf-8"))["url"])
