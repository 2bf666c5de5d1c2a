"""The ``credence`` command."""

import typer

from api.cli.access import access
from api.cli.attack import attack
from api.cli.attest import attest, erase, sample, subject
from api.cli.consent import consent
from api.cli.node import init, node
from api.cli.serve import serve
from api.cli.sign_in import sign_in
from api.cli.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Credence: departments attest, firms consent, banks verify without seeing a value.",
)
for command in (init, serve, attest, erase, verify, sample, attack):
    app.command()(command)
app.add_typer(node, name="node")
app.add_typer(subject, name="subject")
app.add_typer(consent, name="consent")
app.add_typer(access, name="access")
app.add_typer(sign_in, name="sign-in")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
