"""``credence access``: who asked what, checked against the chain."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.cli.code_word import word
from api.cli.command import CHECKING, ONLINE, Caller, Output, RpcUrlOption, command, command_group, ledger_of
from api.cli.console import ExitCode, printable, say
from api.cli.language import gettext as _
from api.cli.language import row_time
from api.client.access import CheckedRow, check_rows, uses_without_row
from api.client.client import Client
from ledger_node.domain.access import AccessRow
from ledger_node.domain.consent import Bounds, Consent, Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.ticket import CountedUse

access = command_group("The access log: who asked what.", "credence access list --as wang-bakery")
_CODES = {
    ExitCode.NO: "the log lacks a use that the ledger counts",
    ExitCode.DONE: "each row checks, and none is missing",
}


@command(
    access,
    "credence access list --as wang-bakery",
    "credence access list --as demo-bank --json",
    name="list",
    codes=CHECKING | ONLINE | _CODES,
)
def list_rows(*, rpc_url: RpcUrlOption = None, caller: Caller) -> Output:
    """List every question asked about you (subject) or by you (bank).

    Every anchored row is checked here against the chain; rows of the last minute may wait for their anchoring.
    """
    folder = caller.folder.require()
    client = caller.client()
    me = client.get("/v1/me")
    mine = from_hex(me["id"], "me")
    ledger = ledger_of(folder, rpc_url)
    if me["kind"] == "bank":
        is_mine: Callable[[AccessRow], bool] = _asked_by(mine)
        uses: Mapping[bytes, Sequence[CountedUse]] = {}
    else:
        consents = _Consents(client, mine, ledger.consent_domain)
        # read before the rows, so that a use that comes in between is not missed in them
        uses = ledger.counted_uses(consents.listed())
        is_mine = consents.include
    keeper, rows = client.access_rows()
    checked = check_rows(rows, ledger, keeper=from_hex(keeper, "keeper"), is_mine=is_mine)
    missing = uses_without_row(checked, uses)
    names = {member.id: member.name for member in ledger.members()}
    for item in checked:
        say(_line(item, names))
    waiting = sum(item.place is None for item in checked)
    told = _("{rows} rows; {checked} checked against the chain, {waiting} wait for it")
    say(told.format(rows=len(checked), checked=len(checked) - waiting, waiting=waiting))
    for consent, use in missing:
        told = _("the ledger counts use {use} of consent {consent}, and the log has no row of it")
        say(told.format(use=to_hex(use), consent=to_hex(consent)))
    without: list[Any] = [{"consent": to_hex(consent), "use": to_hex(use)} for consent, use in missing]
    shown = {"keeper": keeper, "rows": rows, "uses_without_row": without}
    return Output(shown, code=ExitCode.NO if missing else ExitCode.DONE)


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
        consent = Consent(Terms.from_json(shown["terms"]), Bounds.from_json(shown["bounds"]))
        is_subject = consent.terms.subject == self._subject
        return is_subject and consent.digest(self._domain) == from_hex(shown["id"], "id")


def _line(item: CheckedRow, names: dict[bytes, str]) -> str:
    state = word("waits" if item.place is None else "anchored")
    row = item.row
    if row is None:
        return _("erased  ({state})").format(state=state)
    by = _("by an officer") if row.officer is not None else _("by a program")
    operator = f"{row.operator}, {by}" if row.operator else by
    who = f"{names.get(row.bank, to_hex(row.bank))} ({operator})"
    why = f" {row.reason}" if row.reason else ""
    return printable(
        f"{row_time(row.time)}  {who}  {row.purpose or '-'}  {row.question}  {word(row.verdict)}{why}  ({state})"
    )
