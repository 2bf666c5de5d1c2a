"""``credence store quarantine``: what only the ledger calls erased, and what the operator says of it."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from api.cli.console import ExitCode, HomeOption, JsonOption, emit, home_of, refusals, talk
from api.cli.help_page import CHECKING, command_group, page_end
from api.home.home import Home
from api.home.settings import environment
from api.instance.store_place import Addresses, open_home_keys, open_home_store
from api.services.erasure.foreign_change import confirm as confirm_change
from api.services.erasure.foreign_change import dismiss as dismiss_change
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


@quarantine.command("list", epilog=page_end("credence store quarantine list --home shop", codes=_CODES))
def list_all(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Show every such change, whether it is decided or not, while the instance serves or when it is stopped."""
    with refusals(), _opened(home) as (folder, _, keys):
        names = {member.id: member.name for member in folder.members()}
        shown = [_shown(one, names) for one in keys.quarantines.all()]
    for one in shown:
        talk.print(
            f"{one['number']} {one['state']}: block {one['block']} of {one['time']} calls attestations of "
            f"{one['member']} erased; {one['keys']} keys are in quarantine; signed by {one['key'] or 'an unknown key'} "
            f"in transaction {one['transaction']}",
            markup=False,
            soft_wrap=True,
        )
    if not shown:
        talk.print("nothing is in quarantine")
    if as_json:
        emit({"quarantines": list[JSON](shown)})


@quarantine.command(epilog=page_end("credence store quarantine confirm 1 --home shop", codes=_CODES))
def confirm(number: NumberArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Erase for good what a change is about. Ask the department first: nothing brings it back."""
    _decide(confirm_change, number, home, as_json=as_json)
    talk.print("noted: the instance erases the keys within seconds, or at its next start, from the copy as well")


@quarantine.command(epilog=page_end("credence store quarantine dismiss 1 --home shop", codes=_CODES))
def dismiss(number: NumberArgument, home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Let keys open again what they sealed: the change was not the department's."""
    _decide(dismiss_change, number, home, as_json=as_json)
    talk.print(
        "the keys are in use again. What the ledger holds revoked stays so: end the key that signed it, start the "
        "instance with a new one, which makes registrations anew, and have the department send its rows again"
    )


def _decide(
    decision: Callable[[Store, KeyLedger, int], Quarantine], number: int, home: HomeOption, *, as_json: bool
) -> None:
    with refusals(), _opened(home) as (folder, store, keys):
        decision(store, keys, number)
        names = {member.id: member.name for member in folder.members()}
        shown = _shown(keys.quarantines.named(number), names)
    if as_json:
        emit(shown)


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


@contextmanager
def _opened(home: HomeOption) -> Iterator[tuple[Home, Store, KeyLedger]]:
    folder, known = home_of(home).require(), environment()
    addresses = Addresses(known.database_url, known.keys_url)
    with ExitStack() as held:
        store = open_home_store(folder, addresses)
        held.callback(store.dispose)
        keys = open_home_keys(folder, store, addresses)
        held.callback(keys.dispose)
        yield folder, store, keys
