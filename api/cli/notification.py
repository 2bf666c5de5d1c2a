"""``credence notifications`` and ``credence webhook``: what you are told, and where."""

import datetime as dt
from typing import Annotated

import typer

from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.cli.help_page import command_group, page_end

notifications = command_group("Notifications: what you are told.", "credence notifications list --as wang-bakery")
webhook = command_group("Webhook: where a member's own program is told.", "credence webhook show --as demo-bank")


@notifications.callback()
def group() -> None:
    """Show what you are told."""


@notifications.command("list", epilog=page_end("credence notifications list --as wang-bakery"))
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


@webhook.command("set", epilog=page_end("credence webhook set https://hooks.bank.example/credence --as demo-bank"))
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


@webhook.command(epilog=page_end("credence webhook show --as demo-bank"))
def show(
    sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False
) -> None:
    """Show your endpoint and how it stands with it."""
    with refusals():
        held = client_of(home_of(home), url, sign_in).get("/v1/webhook")
    failure = f", last failure: {held['last_failure']}" if held["last_failure"] else ""
    talk.print(f"{held['state']}, {held['waiting']} waiting{failure}", markup=False, soft_wrap=True)
    emit(held) if as_json else typer.echo(held["url"])


@webhook.command(epilog=page_end("credence webhook remove --as demo-bank"))
def remove(sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None) -> None:
    """Forget your endpoint; notifications stay in the feed."""
    with refusals():
        client_of(home_of(home), url, sign_in).delete("/v1/webhook")
    talk.print("removed")
