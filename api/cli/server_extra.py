"""Commands that need the API or the node, where only what clients and auditors need is installed."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from api.cli.console import ExitCode, talk
from ledger_node.domain.reason import Reason

_OURS = frozenset({"api", "contracts", "ledger_node"})


@contextmanager
def require_server() -> Iterator[None]:
    """Refuse in one line what needs a package of the extra ``server`` that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in _OURS:
            raise
        needed = "pip install 'credence[server]'"
        talk.print(
            f"refused {Reason.CONFIGURATION}: this needs {error.name}, which is not here: {needed}",
            markup=False,
            soft_wrap=True,
        )
        raise SystemExit(ExitCode.REFUSED) from error


def command_without_server(name: str, error: ModuleNotFoundError) -> typer.Typer:
    """Return a command that says in the list of commands what it needs, and ends with ``error`` when it is called."""
    app = typer.Typer(add_completion=False)
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}

    @app.command(name, context_settings=settings, help="Needs the API, which is not installed here.")
    def refuse() -> None:
        raise error

    return app
