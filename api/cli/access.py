"""``credence access``: who asked what, checked against the chain."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from api.cli.console import (
    AsOption,
    ExitCode,
    HomeOption,
    JsonOption,
    UrlOption,
    client_of,
    emit,
    home_of,
    node_url_of,
    printable,
    refusals,
    talk,
)
from api.cli.help_page import CHECKING, ONLINE, command_group, page_end
from api.client.access import CheckedRow, check_rows, uses_without_row
from api.client.client import Client
from ledger_node.domain.access import AccessRow
from ledger_node.domain.consent import Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import from_hex, to_hex

access = command_group("The access log: who asked what.", "credence access list --as wang-bakery")


@access.callback()
def group() -> None:
    """Show and check the access log."""


@access.command(
    "list",
    epilog=page_end(
        "credence access list --as wang-bakery",
        "credence access list --as demo-bank --json",
        codes=CHECKING
        | ONLINE
        | {
            ExitCode.NO: "the log lacks a use that the ledger counts",
            ExitCode.DONE: "each row checks, and none is missing",
        },
    ),
)
def list_rows(
    rpc_url: Annotated[str | None, typer.Option(help="Your own node (default: the folder's).")] = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List every question asked about you (subject) or by you (bank).

    Every anchored row is checked here against the chain; rows of the last minute may wait for their anchoring.
    """
    from ledger_node.chain.rpc import Rpc
    from ledger_node.chain.web3_ledger import Web3Ledger

    with refusals():
        folder = home_of(home).require()
        client = client_of(folder, url, sign_in)
        me = client.get("/v1/me")
        mine = from_hex(me["id"], "me")
        ledger = Web3Ledger(folder.address_book(), Rpc(rpc_url or node_url_of(folder)))
        if me["kind"] == "bank":
            is_mine: Callable[[AccessRow], bool] = _asked_by(mine)
            uses: Mapping[bytes, Sequence[bytes]] = {}
        else:
            consents = _Consents(client, mine, ledger.consent_domain)
            # read before the rows, so that a use that comes in between is not missed in them
            is_mine, uses = consents.include, ledger.recorded_uses(consents.listed())
        keeper, rows = client.access_rows()
        checked = check_rows(rows, ledger, keeper=from_hex(keeper, "keeper"), is_mine=is_mine)
        missing = uses_without_row(checked, uses)
        names = {member.id: member.name for member in ledger.members()}
    for item in checked:
        talk.print(_line(item, names), markup=False, soft_wrap=True)
    waiting = sum(item.place is None for item in checked)
    talk.print(f"{len(checked)} rows; {len(checked) - waiting} checked against the chain, {waiting} wait for it")
    for consent, use in missing:
        talk.print(
            f"the ledger counts use {to_hex(use)} of consent {to_hex(consent)}, and the log has no row of it",
            soft_wrap=True,
        )
    if as_json:
        without: list[Any] = [{"consent": to_hex(consent), "use": to_hex(use)} for consent, use in missing]
        emit({"keeper": keeper, "rows": rows, "uses_without_row": without})
    raise typer.Exit(ExitCode.NO if missing else ExitCode.DONE)


def _asked_by(bank: bytes) -> Callable[[AccessRow], bool]:
    return lambda row: row.bank == bank


class _Consents:
    """The consents of one subject: each has terms that hash to its id and name this subject."""

    def __init__(self, client: Client, subject: bytes, domain: SigningDomain) -> None:
        self._client = client
        self._subject = subject
        self._domain = domain
        listed = client.get("/v1/consents")["consents"]
        self._known = {from_hex(item["id"], "id"): self._is_mine(item) for item in listed}

    def include(self, row: AccessRow) -> bool:
        """Return whether a row is about one of these consents."""
        if row.consent not in self._known:
            shown = self._client.get(f"/v1/consents/{to_hex(row.consent)}")
            self._known[row.consent] = from_hex(shown["id"], "id") == row.consent and self._is_mine(shown)
        return self._known[row.consent]

    def listed(self) -> list[bytes]:
        """Return the ids of all that are known so far."""
        return [consent for consent, mine in self._known.items() if mine]

    def _is_mine(self, shown: Any) -> bool:  # noqa: ANN401 - JSON of the route
        terms = Terms.from_json(shown["terms"])
        return terms.subject == self._subject and terms.digest(self._domain) == from_hex(shown["id"], "id")


def _line(item: CheckedRow, names: dict[bytes, str]) -> str:
    state = "waits" if item.place is None else "anchored"
    row = item.row
    if row is None:
        return f"erased  ({state})"
    at = dt.datetime.fromtimestamp(row.time, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    who = names.get(row.bank, to_hex(row.bank)) + (f" ({row.operator})" if row.operator else "")
    why = f" {row.reason}" if row.reason else ""
    return printable(f"{at}  {who}  {row.purpose or '-'}  {row.question}  {row.verdict}{why}  ({state})")
