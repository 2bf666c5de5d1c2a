"""The ``credence`` command: which commands there are, and where each is found when it is called."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typing_extensions import override

from api.cli.command import GENERAL, Group, page_end
from api.cli.console import ExitCode, refusal_text, refusals, say
from api.cli.language import choose
from ledger_node.domain.consent_text import language_named
from ledger_node.domain.reason import Reason

_COMMANDS: Final = {
    "init": ("api.cli.node:alone", "Found a consortium of one in a folder."),
    "serve": ("api.cli.serve:alone", "Serve the API of a folder, and its node."),
    "node": ("api.cli.node:node", "Run the embedded chain node."),
    "council": ("api.cli.council:council", "What governors decide: proposals and votes."),
    "members": ("api.cli.reference:alone", "List the members of the consortium."),
    "purposes": ("api.cli.reference:alone", "List what consents may be for."),
    "schemas": ("api.cli.reference:alone", "List types of attestation and their fields."),
    "attest": ("api.cli.attest:alone", "Attest to the rows of an export (department)."),
    "erase": ("api.cli.attest:alone", "Erase what was attested to of a firm (department)."),
    "sample": ("api.cli.attest:alone", "Write a synthetic export, to try things out."),
    "subject": ("api.cli.subject:subject", "Firms, and the keys that sign for them."),
    "consent": ("api.cli.consent:consents", "Ask for, grant and withdraw consents."),
    "sign": ("api.cli.signing:alone", "Sign an act that another machine exported."),
    "submit": ("api.cli.signing:alone", "Send an exported act with its signatures."),
    "key": ("api.cli.signing:key", "Make keys of a folder, show their addresses."),
    "sign-in": ("api.cli.sign_in:sign_in", "Replace sign-in keys, sign requests in."),
    "staff": ("api.cli.staff:staff", "People who act for a member at the pages."),
    "verify": ("api.cli.verify:alone", "Ask consented questions and check the answers (bank)."),
    "evidence": ("api.cli.evidence:evidence", "Save evidence of answers, check it offline."),
    "trust": ("api.cli.trust:trust", "Write and show the file that evidence is checked with."),
    "receipt": ("api.cli.receipt:receipt", "List, save and check receipts of consents."),
    "access": ("api.cli.access:access", "See who asked what, checked against the chain."),
    "notifications": ("api.cli.notification:notifications", "Read what you are told."),
    "webhook": ("api.cli.notification:webhook", "Say where your own program is told."),
    "attack": ("api.cli.attack:alone", "Try to recover values from what is public."),
    "backup": ("api.cli.backup:alone", "Write an encrypted backup of a folder."),
    "backup-keys": ("api.cli.backup:alone", "Refresh the one copy of the key ledger."),
    "backup-identity": ("api.cli.backup:alone", "Make the identity that opens backups."),
    "restore": ("api.cli.backup:alone", "Make a folder from a backup and its keys."),
    "store": ("api.cli.store:store", "Versions of the store, and its quarantine."),
}
"""Name -> the group of commands that has it, or that it is; and what it does, in a line."""
_OURS: Final = frozenset({"api", "contracts", "ledger_node"})


class _Commands(Group):
    """Imports a command when it is called: checking evidence loads nothing that could reach a network."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - passed on to Typer
        lines = {name: TyperCommand(name, short_help=line) for name, (_, line) in _COMMANDS.items()}
        super().__init__(**settings | {"commands": lines})

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and _load(name), rest


def _load(command: str) -> Any:  # noqa: ANN401 - as Typer makes it
    module, name = _COMMANDS[command][0].split(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        return typer.main.get_command(_without_server(command, error))
    group = typer.main.get_group(found)
    return group.commands.get(command, group)


def _without_server(name: str, error: ModuleNotFoundError) -> typer.Typer:
    """Return a command that says what it needs, and ends with ``error`` when it is called."""
    app = typer.Typer(add_completion=False)
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}

    @app.command(name, context_settings=settings, help="Needs the API, which is not installed here.")
    def refuse() -> None:
        raise error

    return app


@contextmanager
def _require_server() -> Iterator[None]:
    """Refuse in one line what needs a package of the extra ``server`` that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in _OURS:
            raise
        needed = "pip install 'credence[server]'"
        say(refusal_text(Reason.CONFIGURATION, f"this needs {error.name}, which is not here: {needed}"))
        raise SystemExit(ExitCode.REFUSED) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=page_end(
        "credence init --home shop",
        "credence serve --home shop",
        "credence verify --help",
        codes=GENERAL,
    ),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"credence {version('credence')}")
        raise typer.Exit


def _speak(language: str | None) -> None:
    with refusals():
        choose(None if language is None else language_named(language))


@app.callback()
def group(
    *,
    __: Annotated[
        str | None,
        typer.Option(
            "--language",
            callback=_speak,
            help="The language to speak, here or after any command: zh or en (default: by LC_ALL or LANG). "
            "Help pages are English.",
        ),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Credence: departments attest, firms consent, banks verify without seeing a value."""


def main() -> None:
    """Run the command line."""
    with _require_server():
        app()


if __name__ == "__main__":
    main()
