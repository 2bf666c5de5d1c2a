"""``credence notifications`` and ``credence webhook``: what you are told, and where."""

from typing import Annotated, Any

import typer

from api.cli.code_word import word
from api.cli.command import Caller, Output, command, command_group
from api.cli.console import talk
from api.cli.language import gettext as _
from api.cli.language import row_time

notifications = command_group("Notifications: what you are told.", "credence notifications list --as wang-bakery")
webhook = command_group("Webhook: where a member's own program is told.", "credence webhook show --as demo-bank")


@command(notifications, "credence notifications list --as wang-bakery", name="list")
def list_notifications(
    *,
    after: Annotated[str | None, typer.Option(help="Only those behind this one (its id).")] = None,
    caller: Caller,
) -> Output:
    """List what you are told, oldest first: requests and uses (subject), what became of consents (bank)."""
    told = caller.client().notifications(after)
    return Output({"notifications": told}, rows=[(_line(one), one["id"]) for one in told])


@command(webhook, "credence webhook set https://hooks.bank.example/credence --as demo-bank", name="set")
def set_webhook(
    address: Annotated[str, typer.Argument(help="The endpoint: https://…, at a public address.")], caller: Caller
) -> Output:
    """Register or change your endpoint, or rotate its secret. The secret is printed once, and never again."""
    made = caller.client().put("/v1/webhook", {"url": address})
    told = _("keep the secret: it is not shown again, and checks who a message is from")
    return Output(made, made["secret"], told=told)


@command(webhook, "credence webhook show --as demo-bank")
def show(caller: Caller) -> Output:
    """Show your endpoint and how it stands with it."""
    held = caller.client().get("/v1/webhook")
    told = _("{state}, {waiting} waiting").format(state=held["state"], waiting=held["waiting"])
    if held["last_failure"]:
        told += _(", last failure: {failure}").format(failure=held["last_failure"])
    return Output(held, held["url"], told=told)


@command(webhook, "credence webhook remove --as demo-bank")
def remove(caller: Caller) -> None:
    """Forget your endpoint; notifications stay in the feed."""
    caller.client().delete("/v1/webhook")
    talk.print(_("removed"))


def _line(one: Any) -> str:  # noqa: ANN401 - JSON of the route
    ids = "  ".join(f"{name} {value}" for name, value in one["data"].items())
    return f"{row_time(one['time'])}  {word(one['kind'])}  {ids}"
