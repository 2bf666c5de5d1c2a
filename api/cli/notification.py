"""``credence notifications`` and ``credence webhook``: what you are told, and where."""

import datetime as dt
from typing import Annotated

import typer

from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk

notifications = typer.Typer(no_args_is_help=True, help="Notifications: what you are told.")
webhook = typer.Typer(no_args_is_help=True, help="Webhook: where a member's own program is told.")


@notifications.callback()
def group() -> None:
    """Show what you are told."""


@notifications.command(name="list")
def list_notifications(
    after: Annotated[str | None, typer.Option(help="Only those behind this one (its id).")] = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List what you are told, oldest first: requests and uses (subject), what became of consents (bank)."""
    with refusals():
        told = client_of(home_of(home), url, sign_in).notifications(after)
    if as_json:
        emit({"notifications": told})
        return
    for one in told:
        at = dt.datetime.fromtimestamp(one["time"], dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ids = "  ".join(f"{name} {value}" for name, value in one["data"].items())
        talk.print(f"{at}  {one['kind']}  {ids}", markup=False, soft_wrap=True)
        typer.echo(one["id"])


@webhook.command(name="set")
def set_webhook(
    address: Annotated[str, typer.Argument(help="The endpoint: https://…, at a public address.")],
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register or change your endpoint, or rotate its secret. The secret is printed once, and never again."""
    with refusals():
        made = client_of(home_of(home), url, sign_in).put("/v1/webhook", {"url": address})
    talk.print("keep the secret: it is not shown again, and checks who a message is from")
    emit(made) if as_json else typer.echo(made["secret"])


@webhook.command()
def show(
    sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False
) -> None:
    """Show your endpoint and how it stands with it."""
    with refusals():
        held = client_of(home_of(home), url, sign_in).get("/v1/webhook")
    failure = f", last failure: {held['last_failure']}" if held["last_failure"] else ""
    talk.print(f"{held['state']}, {held['waiting']} waiting{failure}", markup=False, soft_wrap=True)
    emit(held) if as_json else typer.echo(held["url"])


@webhook.command()
def remove(sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None) -> None:
    """Forget your endpoint; notifications stay in the feed."""
    with refusals():
        client_of(home_of(home), url, sign_in).delete("/v1/webhook")
    talk.print("removed")
