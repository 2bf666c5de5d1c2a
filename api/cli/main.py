"""The ``credence`` command."""

import typer

from api.cli.access import access
from api.cli.attack import attack
from api.cli.attest import attest, erase, sample
from api.cli.consent import consent
from api.cli.node import init, node
from api.cli.serve import serve
from api.cli.signing import key, sign_draft, submit
from api.cli.subject import subject
from api.cli.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Credence: departments attest, firms consent, banks verify without seeing a value.",
)
for command in (init, serve, attest, erase, verify, submit, sample, attack):
    app.command()(command)
app.command("sign")(sign_draft)
app.add_typer(node, name="node")
app.add_typer(subject, name="subject")
app.add_typer(key, name="key")
app.add_typer(consent, name="consent")
app.add_typer(access, name="access")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
