"""``credence store``: the versions of the store and of its key ledger, and what is in quarantine there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from api.cli.console import ExitCode, HomeOption, JsonOption, emit, home_of, refusals, talk
from api.cli.help_page import CHECKING, command_group, page_end
from api.cli.quarantine import quarantine
from api.home.home import Home
from api.home.settings import environment
from api.instance.store_place import Addresses, find_home_store, known_place, require_own_keys, write_place
from api.storage.database import find_database
from api.storage.migration.schema import BASE, KEYS, STORE, Schema
from api.storage.migration.version import move, version_of
from api.storage.store import Store
from api.vault.key_ledger import open_key_ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CODES: Final = CHECKING | {ExitCode.CANNOT_TELL: "the store does not answer, or is in use: try again"}
store = command_group(
    "The store and its key ledger: versions, and what is in quarantine "
    "(in the folder, or CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL).",
    "credence store version --home shop",
    codes=_CODES,
)
store.add_typer(quarantine, name="quarantine")
_KEYS_OF: Final = (("0002", "0001"), ("0004", "0002"))
"""(version of the store, version of the key ledger that it needs from there on)."""


@dataclass(frozen=True, slots=True)
class _Databases:
    home: Home
    addresses: Addresses
    store: Store
    keys: Store


@store.command(epilog=page_end("credence store version --home shop", codes=_CODES))
def version(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Say which version each is of, and which this program works with."""
    with refusals(), _databases(home) as found:
        shown = {schema.name: _version(database, schema) for database, schema in _both(found)}
    for schema in (STORE, KEYS):
        talk.print(f"{schema.name}: version {shown[schema.name]}; this program works with {schema.head}")
    if as_json:
        emit({schema.name: {"version": shown[schema.name], "head": schema.head} for schema in (STORE, KEYS)})


@store.command(epilog=page_end("credence store upgrade --home shop", codes=_CODES))
def upgrade(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Bring both to the version of this program; stop every process that works with them first."""
    with refusals(), _databases(home) as found:
        _alone(found)
        # the keys have to have a place before the store gives them away
        keys = move(found.keys, KEYS, KEYS.head)
        moved = move(found.store, STORE, STORE.head, found.keys)
        # what was moved away must not stay in the files
        found.store.forget_deleted()
        _note(found)
    _tell({STORE.name: moved, KEYS.name: keys}, as_json=as_json)


@store.command(epilog=page_end("credence store downgrade --to 0002 --home shop", codes=_CODES))
def downgrade(
    home: HomeOption = None,
    *,
    to: Annotated[str, typer.Option(help="The version of the store to go back to, such as 0002.")],
    as_json: JsonOption = False,
) -> None:
    """Bring the store back to an earlier version, for an earlier program; before 0002 it holds its keys itself."""
    with refusals(), _databases(home) as found:
        _alone(found)
        if to == BASE:
            raise InvalidInputError(Reason.CONFIGURATION, "there is nothing before version 0001")
        if to > _version(found.store, STORE):
            raise InvalidInputError(Reason.CONFIGURATION, f"version {to} is later; run: credence store upgrade")
        moved = move(found.store, STORE, to, found.keys)
        needed = max((keys for since, keys in _KEYS_OF if since <= to), default=BASE)
        keys = move(found.keys, KEYS, needed)
    _tell({STORE.name: moved, KEYS.name: keys}, as_json=as_json)


def _both(found: _Databases) -> tuple[tuple[Store, Schema], tuple[Store, Schema]]:
    return (found.store, STORE), (found.keys, KEYS)


@contextmanager
def _databases(home: HomeOption) -> Iterator[_Databases]:
    folder, known = home_of(home), environment()
    addresses, place = Addresses(known.database_url, known.keys_url), known_place(folder)
    store = find_home_store(folder, addresses, place)
    found = _Databases(folder, addresses, store, find_database(folder.key_ledger, addresses.keys))
    try:
        require_own_keys(folder, found.store, found.keys, place)
        yield found
    finally:
        found.store.dispose()
        found.keys.dispose()


def _note(found: _Databases) -> None:
    """Let the home know its store, which may have got its identity just now."""
    ledger = open_key_ledger(found.home.key_ledger, found.store, found.addresses.keys)
    try:
        write_place(found.home, found.store, ledger)
    finally:
        ledger.dispose()


def _alone(found: _Databases) -> None:
    """Require that no process works with the store, and keep others from beginning to."""
    found.store.locks.join()


def _version(database: Store, schema: Schema) -> str:
    with database.connect() as connection:
        return version_of(connection, schema) or BASE


def _tell(moved: dict[str, tuple[str, str]], *, as_json: bool) -> None:
    for name, (before, after) in moved.items():
        talk.print(f"{name}: {f'version {before} became {after}' if before != after else f'is of version {after}'}")
    if as_json:
        emit({name: {"before": before, "version": after} for name, (before, after) in moved.items()})
