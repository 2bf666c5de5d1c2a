"""Where the store of a home is: the home says so, so that no command opens another one, or an empty new one.

store.json holds the kind and the identity of the store and of its key ledger. Their addresses may hold passwords and
stay in the environment: CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL.
"""

from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import Connection, inspect, select

from api.home.home import Home
from api.storage import table
from api.storage.database import Store, find_database
from api.storage.migration.schema import KEYS, STORE
from api.storage.migration.version import require_version, version_of
from api.storage.store import StoreKind
from api.vault.key_ledger import KeyLedger, open_key_ledger
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason

FILE: Final = "store.json"
_VARIABLES: Final = ("CREDENCE_DATABASE_URL", "CREDENCE_KEYS_URL")


@dataclass(frozen=True, slots=True)
class StorePlace:
    """What a home knows of its store: kind, and the identities of store and key ledger, 16 bytes each."""

    kind: StoreKind
    store: bytes
    keys: bytes

    def to_json(self) -> dict[str, JSON]:
        """Return the content of store.json."""
        return {"kind": self.kind.value, "store": to_hex(self.store), "keys": to_hex(self.keys)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the content of store.json.

        Raises:
            InvalidInputError: it is something else.
        """
        record = JsonObject(value, FILE)
        kind, store, keys = record.text("kind"), record.blob("store", length=16), record.blob("keys", length=16)
        record.done()
        if kind not in set(StoreKind):
            raise InvalidInputError(Reason.CONFIGURATION, f"{FILE} names no kind of store: it is none of ours")
        return cls(StoreKind(kind), store, keys)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of both databases in PostgreSQL, or None for both: then they are files of the home."""

    store: str | None
    keys: str | None

    def require_both(self) -> None:
        """Require that both are named, or none.

        Raises:
            InvalidInputError: ``configuration``, saying which variable is not set.
        """
        if (self.store is None) != (self.keys is None):
            named, missing = _VARIABLES if self.keys is None else reversed(_VARIABLES)
            # a ledger in the folder of each host would be a copy that knows nothing of the keys of the others
            raise InvalidInputError(
                Reason.CONFIGURATION,
                f"{named} is set and {missing} is not: name the databases of both store and key ledger, or of none",
            )


IN_FOLDER: Final = Addresses(None, None)


def known_place(home: Home) -> StorePlace | None:
    """Return what a home says of its store, or None: it was made before homes said so."""
    path = home.path / FILE
    return StorePlace.from_json(decode(path.read_bytes())) if path.is_file() else None


def write_place(home: Home, store: Store, keys: KeyLedger) -> None:
    """Write into a home that these are its store and its key ledger."""
    with store.connect() as connection:
        identity: bytes = connection.execute(select(table.store_identity.c.id)).scalar_one()
    home.write(FILE, StorePlace(store.kind, identity, keys.id).to_json())


def open_home_store(home: Home, addresses: Addresses) -> Store:
    """Open the store of a home. What is refused is left as it is: no file and no table is made.

    Raises:
        InvalidInputError: ``configuration``: one of two addresses is missing, or the home does not know its store.
            ``store_mismatch``: it is not the store of this home. ``store_outdated``, ``store_newer``.
        StoreError: ``store_unavailable``.
    """
    place = known_place(home)
    store = find_home_store(home, addresses, place)
    try:
        if place is None:
            raise InvalidInputError(
                Reason.CONFIGURATION, f"{home.path} does not say which its store is; run: credence store upgrade"
            )
        require_version(store, STORE)
    except BaseException:
        store.dispose()
        raise
    return store


def find_home_store(home: Home, addresses: Addresses, place: StorePlace | None) -> Store:
    """Return the store of a home, whatever its version is. ``place``: what the home says of it.

    Raises:
        As ``open_home_store``, but for versions and a home that does not know its store.
    """
    addresses.require_both()
    if place is not None:
        _require_kind(place, addresses)
    if addresses.store is None and not home.store.is_file():
        raise InvalidInputError(
            Reason.STORE_MISMATCH, f"there is no store in {home.path}; put its file back, or restore a backup"
        )
    store = find_database(home.store, addresses.store)
    try:
        _require_identity(store, home, place)
    except BaseException:
        store.dispose()
        raise
    return store


def open_home_keys(home: Home, store: Store, addresses: Addresses) -> KeyLedger:
    """Open the key ledger of a home's store.

    Raises:
        InvalidInputError: ``key_ledger_mismatch``; it is gone, or that of another store or another home.
    """
    keys = open_key_ledger(home.key_ledger, store, addresses.keys)
    place = known_place(home)
    if place is not None and keys.id != place.keys:
        keys.dispose()
        raise _other_keys()
    return keys


def require_own_keys(home: Home, store: Store, database: Store, place: StorePlace | None) -> None:
    """Require that a database holds the key ledger of the home, or none where the store has none yet.

    Raises:
        InvalidInputError: ``key_ledger_mismatch``.
    """
    with store.connect() as connection:
        has_link = table.key_link.name in inspect(connection).get_table_names()
        linked = connection.execute(select(table.key_link.c.ledger)).scalar_one_or_none() if has_link else None
    if linked is not None and database.kind is StoreKind.FILE and not home.key_ledger.is_file():
        raise _other_keys()
    with database.connect() as connection:
        is_empty = version_of(connection, KEYS) is None
        held = None if is_empty else connection.execute(select(table.key_ledger.c.id)).scalar_one_or_none()
    known = {linked} if linked is not None else {None} if place is None else {None, place.keys}
    if held not in known:
        raise _other_keys()


def _other_keys() -> InvalidInputError:
    return InvalidInputError(
        Reason.KEY_LEDGER_MISMATCH, "this is not the key ledger of this home; CREDENCE_KEYS_URL must name the right one"
    )


def make_home_store(home: Home, addresses: Addresses) -> Store:
    """Make the store and the key ledger of a home that is founded, and note them in it.

    Raises:
        InvalidInputError: ``configuration``; as ``require_unused``.
    """
    require_unused(home, addresses)
    store = find_database(home.store, addresses.store)
    try:
        require_version(store, STORE)
        keys = open_key_ledger(home.key_ledger, store, addresses.keys)
        write_place(home, store, keys)
        keys.dispose()
    except BaseException:
        store.dispose()
        raise
    return store


def require_unused(home: Home, addresses: Addresses) -> None:
    """Require that both databases of a home that is founded are empty.

    Raises:
        InvalidInputError: ``configuration``; one of two addresses is missing, or a database holds something.
        StoreError: ``store_unavailable``.
    """
    addresses.require_both()
    for path, schema, address, variable in (
        (home.store, STORE, addresses.store, _VARIABLES[0]),
        (home.key_ledger, KEYS, addresses.keys, _VARIABLES[1]),
    ):
        if address is None:
            continue
        database = find_database(path, address)
        try:
            with database.connect() as connection:
                version = version_of(connection, schema)
        finally:
            database.dispose()
        if version is not None:
            raise InvalidInputError(
                Reason.CONFIGURATION,
                f"the database that {variable} names holds the {schema.name} of somebody already; name an empty one",
            )


def _require_kind(place: StorePlace, addresses: Addresses) -> None:
    if place.kind is StoreKind.POSTGRESQL and addresses.store is None:
        raise InvalidInputError(
            Reason.STORE_MISMATCH,
            "the store of this home is in PostgreSQL: set CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL to its databases",
        )
    if place.kind is StoreKind.FILE and addresses.store is not None:
        raise InvalidInputError(
            Reason.STORE_MISMATCH,
            "the store of this home is in its folder: do not set CREDENCE_DATABASE_URL and CREDENCE_KEYS_URL",
        )


def _require_identity(store: Store, home: Home, place: StorePlace | None) -> None:
    with store.connect() as connection:
        names = inspect(connection).get_table_names()
        if version_of(connection, STORE) is None:
            is_own = False
        elif place is None:
            is_own = table.network.name not in names or _is_of(connection, home)
        else:
            # one of an earlier version has none, and is refused for that or made to have one
            held = select(table.store_identity.c.id)
            is_own = (
                table.store_identity.name not in names or connection.execute(held).scalar_one_or_none() == place.store
            )
    if not is_own:
        is_file = store.kind is StoreKind.FILE
        what_to_do = "put the right file back" if is_file else "CREDENCE_DATABASE_URL must name the right database"
        raise InvalidInputError(
            Reason.STORE_MISMATCH, f"{store.where} is not the store of {home.path}; {what_to_do}, or restore a backup"
        )


def _is_of(connection: Connection, home: Home) -> bool:
    network, book = table.network.c, home.address_book()
    held = connection.execute(select(network.chain_id, network.genesis)).first()
    return held is None or (held.chain_id, held.genesis) == (book.chain_id, book.genesis)
