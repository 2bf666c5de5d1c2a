"""``credence store``: the versions of the store and of its key ledger, and what is in quarantine there."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.command import CHECKING, HomeOption, Output, command, command_group, home_of
from api.cli.console import ExitCode, say, talk
from api.home.home import Home
from api.home.settings import environment
from api.instance.store_place import (
    Addresses,
    find_home_store,
    known_place,
    open_home_keys,
    open_home_store,
    require_own_keys,
    write_place,
)
from api.services.erasure import foreign_change
from api.storage.database import find_database
from api.storage.migration.schema import BASE, KEYS, STORE, Schema
from api.storage.migration.version import move, version_of
from api.storage.store import Store
from api.vault.key_ledger import KeyLedger, open_key_ledger
from api.vault.quarantine import Quarantine
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_CODES: Final = CHECKING | {ExitCode.CANNOT_TELL: "the store does not answer, or is in use: try again"}
store = command_group(
    "The store and its key ledger: versions, and what is in quarantine "
    "(in the folder, or CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL).",
    "credence store version --home shop",
    codes=_CODES,
)
_QUARANTINE_CODES = CHECKING | {ExitCode.CANNOT_TELL: "the store does not answer: try again"}
quarantine = command_group(
    "What the ledger calls erased and nobody ordered here: its keys stay and give no answers until you decide.",
    "credence store quarantine list --home shop",
    codes=_QUARANTINE_CODES,
)
NumberArgument = Annotated[int, typer.Argument(help="Which change; see list.")]
store.add_typer(quarantine, name="quarantine")
_KEYS_OF: Final = (("0002", "0001"), ("0004", "0002"))
"""(version of the store, version of the key ledger that it needs from there on)."""


@command(store, "credence store version --home shop", codes=_CODES)
def version(home: HomeOption = None) -> Output:
    """Say which version each is of, and which this program works with."""
    with _databases(home) as (own, keys):
        shown = {STORE.name: _version(own, STORE), KEYS.name: _version(keys, KEYS)}
    for schema in (STORE, KEYS):
        talk.print(f"{schema.name}: version {shown[schema.name]}; this program works with {schema.head}")
    return Output({schema.name: {"version": shown[schema.name], "head": schema.head} for schema in (STORE, KEYS)})


@command(store, "credence store upgrade --home shop", codes=_CODES)
def upgrade(home: HomeOption = None) -> Output:
    """Bring both to the version of this program; stop every process that works with them first."""
    with _databases(home) as (own, keys):
        # no process works with the store, and none begins to
        own.locks.join()
        # the keys have to have a place before the store gives them away
        moved_keys = move(keys, KEYS, KEYS.head)
        moved = move(own, STORE, STORE.head, keys)
        # what was moved away must not stay in the files
        own.forget_deleted()
        _note(home_of(home), own)
    return _tell(moved, moved_keys)


@command(store, "credence store downgrade --to 0002 --home shop", codes=_CODES)
def downgrade(
    home: HomeOption = None,
    *,
    to: Annotated[str, typer.Option(help="The version of the store to go back to, such as 0002.")],
) -> Output:
    """Bring the store back to an earlier version, for an earlier program; before 0002 it holds its keys itself."""
    with _databases(home) as (own, keys):
        own.locks.join()
        if to == BASE:
            raise InvalidInputError(Reason.CONFIGURATION, "there is nothing before version 0001")
        if to > _version(own, STORE):
            raise InvalidInputError(Reason.CONFIGURATION, f"version {to} is later; run: credence store upgrade")
        moved = move(own, STORE, to, keys)
        needed = max((version for since, version in _KEYS_OF if since <= to), default=BASE)
        return _tell(moved, move(keys, KEYS, needed))


@command(quarantine, "credence store quarantine list --home shop", name="list", codes=_QUARANTINE_CODES)
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


@command(quarantine, "credence store quarantine confirm 1 --home shop", codes=_QUARANTINE_CODES)
def confirm(number: NumberArgument, home: HomeOption = None) -> Output:
    """Erase for good what a change is about. Ask the department first: nothing brings it back."""
    return Output(
        _decide(foreign_change.confirm, number, home),
        told="noted: the instance erases the keys within seconds, or at its next start, from the copy as well",
    )


@command(quarantine, "credence store quarantine dismiss 1 --home shop", codes=_QUARANTINE_CODES)
def dismiss(number: NumberArgument, home: HomeOption = None) -> Output:
    """Let keys open again what they sealed: the change was not the department's."""
    return Output(
        _decide(foreign_change.dismiss, number, home),
        told="the keys are in use again. What the ledger holds revoked stays so until the council has it cleared: end "
        "the key that signed it, start the instance with a new one, which makes registrations anew, and have the "
        "department send its rows again",
    )


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


def named_addresses() -> Addresses:
    """Return the addresses of both databases as the environment names them."""
    known = environment()
    return Addresses(known.database_url, known.keys_url)


@contextmanager
def opened_store(home: Path | None) -> Iterator[tuple[Home, Store, KeyLedger]]:
    """Open the store and the key ledger of an instance's folder."""
    folder, addresses = home_of(home).require(), named_addresses()
    store = open_home_store(folder, addresses)
    try:
        keys = open_home_keys(folder, store, addresses)
        try:
            yield folder, store, keys
        finally:
            keys.dispose()
    finally:
        store.dispose()


@contextmanager
def _databases(home: HomeOption) -> Iterator[tuple[Store, Store]]:
    """Open the store and the database of its key ledger, whatever versions they are of."""
    folder, addresses = home_of(home), named_addresses()
    place = known_place(folder)
    own = find_home_store(folder, addresses, place)
    keys = find_database(folder.key_ledger, addresses.keys)
    try:
        require_own_keys(folder, own, keys, place)
        yield own, keys
    finally:
        own.dispose()
        keys.dispose()


def _note(folder: Home, own: Store) -> None:
    """Let the home know its store, which may have got its identity just now."""
    ledger = open_key_ledger(folder.key_ledger, own, named_addresses().keys)
    try:
        write_place(folder, own, ledger)
    finally:
        ledger.dispose()


def _version(database: Store, schema: Schema) -> str:
    with database.connect() as connection:
        return version_of(connection, schema) or BASE


def _tell(own: tuple[str, str], keys: tuple[str, str]) -> Output:
    moved = {STORE.name: own, KEYS.name: keys}
    for name, (before, after) in moved.items():
        talk.print(f"{name}: {f'version {before} became {after}' if before != after else f'is of version {after}'}")
    return Output({name: {"before": before, "version": after} for name, (before, after) in moved.items()})
