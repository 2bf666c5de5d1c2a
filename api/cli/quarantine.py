"""``credence store quarantine``: what only the ledger calls erased, and what the operator says of it."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated

import typer

from api.cli.command import CHECKING, HomeOption, Output, command, command_group
from api.cli.console import ExitCode, say, talk
from api.cli.opened_store import opened_store
from api.services.erasure.quarantine_decision import confirm as confirm_change
from api.services.erasure.quarantine_decision import dismiss as dismiss_change
from api.storage.store import Store
from api.vault.key_ledger import KeyLedger
from api.vault.quarantine import Quarantine
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import to_hex

_CODES = CHECKING | {ExitCode.CANNOT_TELL: "the store does not answer: try again"}
quarantine = command_group(
    "What the ledger calls erased and nobody ordered here: its keys stay and give no answers until you decide.",
    "credence store quarantine list --home shop",
    codes=_CODES,
)
NumberArgument = Annotated[int, typer.Argument(help="Which change; see list.")]


@command(quarantine, "credence store quarantine list --home shop", name="list", codes=_CODES)
def list_all(home: HomeOption = None) -> Output:
    """Show every such change, whether it is decided or not, while the instance serves or when it is stopped."""
    with opened_store(home) as (folder, _, keys):
        names = {member.id: member.name for member in folder.members()}
        shown = [_shown(one, names) for one in keys.quarantines.all()]
    for one in shown:
        say(
            f"{one['number']} {one['state']}: block {one['block']} of {one['time']} calls attestations of "
            f"{one['member']} erased; {one['keys']} keys are in quarantine; signed by {one['key'] or 'an unknown key'} "
            f"in transaction {one['transaction']}"
        )
    if not shown:
        talk.print("nothing is in quarantine")
    return Output({"quarantines": list[JSON](shown)})


@command(quarantine, "credence store quarantine confirm 1 --home shop", codes=_CODES)
def confirm(number: NumberArgument, home: HomeOption = None) -> Output:
    """Erase for good what a change is about. Ask the department first: nothing brings it back."""
    shown = _decide(confirm_change, number, home)
    talk.print("noted: the instance erases the keys within seconds, or at its next start, from the copy as well")
    return Output(shown)


@command(quarantine, "credence store quarantine dismiss 1 --home shop", codes=_CODES)
def dismiss(number: NumberArgument, home: HomeOption = None) -> Output:
    """Let keys open again what they sealed: the change was not the department's."""
    shown = _decide(dismiss_change, number, home)
    talk.print(
        "the keys are in use again. What the ledger holds revoked stays so: end the key that signed it, start the "
        "instance with a new one, which makes registrations anew, and have the department send its rows again"
    )
    return Output(shown)


def _decide(decision: Callable[[Store, KeyLedger, int], Quarantine], number: int, home: HomeOption) -> dict[str, JSON]:
    with opened_store(home) as (folder, store, keys):
        decision(store, keys, number)
        return _shown(keys.quarantines.named(number), {member.id: member.name for member in folder.members()})


def _shown(one: Quarantine, names: dict[bytes, str]) -> dict[str, JSON]:
    return {
        "number": one.number,
        "state": one.state.value,
        "member": names.get(one.member, to_hex(one.member)),
        "block": one.block,
        "time": dt.datetime.fromtimestamp(one.block_time, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "transaction": to_hex(one.transaction),
        "key": None if one.key is None else to_hex(one.key),
        "keys": one.keys,
    }
