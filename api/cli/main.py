"""The ``credence`` command: which commands there are, and where each is found when it is called."""

import importlib
from importlib.metadata import version
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typing_extensions import override

from api.cli.help_page import GENERAL, page_end
from api.cli.server_extra import command_without_server, require_server

_COMMANDS: Final = {
    "init": ("api.cli.node:alone", "Found a consortium of one in a folder."),
    "serve": ("api.cli.serve:alone", "Serve the API of a folder, and its node."),
    "node": ("api.cli.node:node", "Run the embedded chain node."),
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


class _Completion(NamedTuple):
    """A name that a shell may complete to, as Typer reads it."""

    value: str
    help: str
    type: str = "plain"


class _Commands(TyperGroup):
    """Imports a command when it is called: checking evidence loads nothing that could reach a network."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name][0].split(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            return typer.main.get_command(command_without_server(cmd_name, error))
        group = typer.main.get_group(found)
        return group.commands.get(cmd_name, group)

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    @override
    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        found: list[Any] = [
            _Completion(name, line) for name, (_, line) in _COMMANDS.items() if name.startswith(incomplete)
        ]
        # what every command completes: its options
        return found + super(TyperGroup, self).shell_complete(ctx, incomplete)


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


@app.callback()
def group(
    *,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Credence: departments attest, firms consent, banks verify without seeing a value."""


def main() -> None:
    """Run the command line."""
    with require_server():
        app()


if __name__ == "__main__":
    main()
