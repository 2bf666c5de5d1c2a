"""The ``credence`` command: which commands there are, and where each is found when it is called."""

import importlib
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

from api.cli.server_extra import command_without_server, require_server

_COMMANDS: Final = {
    "init": "api.cli.node:init",
    "serve": "api.cli.serve:serve",
    "attest": "api.cli.attest:attest",
    "erase": "api.cli.attest:erase",
    "verify": "api.cli.verify:verify",
    "sample": "api.cli.attest:sample",
    "attack": "api.cli.attack:attack",
    "node": "api.cli.node:node",
    "subject": "api.cli.subject:subject",
    "consent": "api.cli.consent:consent",
    "key": "api.cli.signing:key",
    "sign": "api.cli.signing:sign_draft",
    "submit": "api.cli.signing:submit",
    "access": "api.cli.access:access",
    "sign-in": "api.cli.sign_in:sign_in",
    "receipt": "api.cli.receipt:receipt",
    "notifications": "api.cli.notification:notifications",
    "webhook": "api.cli.notification:webhook",
    "evidence": "api.cli.evidence:evidence",
    "trust": "api.cli.trust:trust",
    "backup": "api.cli.backup:backup",
    "backup-keys": "api.cli.backup:backup_keys",
    "backup-identity": "api.cli.backup:backup_identity",
    "restore": "api.cli.backup:restore",
    "store": "api.cli.store:store",
}
"""Name -> module and function, or group of commands."""


class _Commands(TyperGroup):
    """Imports a command when it is called: checking evidence loads nothing that could reach a network."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            return typer.main.get_command(command_without_server(cmd_name, error))
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Credence: departments attest, firms consent, banks verify without seeing a value.",
)


@app.callback()
def group() -> None:
    """Credence: departments attest, firms consent, banks verify without seeing a value."""


def main() -> None:
    """Run the command line."""
    with require_server():
        app()


if __name__ == "__main__":
    main()
