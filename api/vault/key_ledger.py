"""The key ledger: wrapped data keys in a database of their own, apart from what is sealed under them.

Copies of the store are kept for years, so a key that lay in it could never be erased. Of this ledger there is one,
and at most one copy, which follows every erasure. It never goes back: a key that was erased leaves its id behind, a
tombstone, and no copy of anything brings it in again. A key in ``quarantine`` is there and opens nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage import table
from api.storage.database import CHUNK, IDS, Store, chunks, find_database, open_database, rows_among
from api.storage.migration.schema import KEYS
from api.storage.migration.version import require_version, version_of
from api.vault.quarantine import Quarantine, Quarantines
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

KEY_ID_BYTES: Final = 16
_ONLY: Final = 1
_KEY: Final = table.data_key.c
_LEDGER: Final = table.key_ledger.c
_ERASED: Final = table.erased_key.c
_HIDDEN: Final = table.quarantined_key.c
_HELD: Final = select(_KEY.id, _KEY.wrapped).where(_KEY.id.in_(IDS))
_FIND: Final = _HELD.where(~exists().where(_HIDDEN.id == _KEY.id))
_FIND_ERASED: Final = select(_ERASED.id).where(_ERASED.id.in_(IDS))
_DROPS: Final = (
    delete(table.quarantined_key).where(_HIDDEN.id.in_(IDS)),
    delete(table.data_key).where(_KEY.id.in_(IDS)),
)


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """A ledger at one moment: its id, how often it was changed, and what it holds.

    ``keys``: (id, wrapped, number of its quarantine or None) of every key in the order of ids; read them before
    ``erased``, the ids of all that were erased.
    """

    ledger: bytes
    version: int
    quarantines: Sequence[Quarantine]
    keys: Iterator[tuple[bytes, bytes, int | None]]
    erased: Iterator[bytes]


class KeyLedger:
    """Keeps wrapped data keys by their ids. Nothing is cached: what is deleted is gone for every process at once."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self.quarantines = Quarantines(database)

    @property
    def id(self) -> bytes:
        """Which ledger this is."""
        held: bytes = self._database.scalar(select(_LEDGER.id))
        return held

    def put(self, keys: Mapping[bytes, bytes]) -> None:
        """Keep new keys, durably. Call it before anything that is sealed under them is stored.

        Raises:
            InvalidInputError: ``erased``; a key of one of these ids was erased.
            IntegrityError: there is a key of one of these ids already.
        """
        if keys:
            rows = [{"id": key_id, "wrapped": wrapped} for key_id, wrapped in keys.items()]
            with self._database.begin() as connection:
                if erased_of(connection, keys):
                    raise InvalidInputError(Reason.ERASED, "a key of this id was erased; nothing brings it back")
                connection.execute(insert(table.data_key), rows)
                _count_change(connection)

    def get(self, ids: Collection[bytes]) -> dict[bytes, bytes]:
        """Return those of the wrapped keys ``ids`` that open what they sealed, by id: none that is in quarantine."""
        return self._find(_FIND, ids)

    def held(self, ids: Collection[bytes]) -> set[bytes]:
        """Return those of ``ids`` whose keys are there, in quarantine or not."""
        return set(self._find(_HELD, ids))

    def _find(self, query: Select[Any], ids: Collection[bytes]) -> dict[bytes, bytes]:
        with self._database.connect() as connection:
            return {row.id: row.wrapped for row in rows_among(connection, query, ids)}

    def ensure(self, key_id: bytes, wrapped: bytes) -> bytes:
        """Return the wrapped key ``key_id``: ``wrapped`` if there was none, whoever else asks at the same time."""
        held = self.get([key_id])
        if held:
            return held[key_id]
        try:
            self.put({key_id: wrapped})
        except IntegrityError:
            return self.get([key_id])[key_id]
        return wrapped

    def delete(self, ids: Collection[bytes], *, everywhere: bool = True) -> None:
        """Delete keys, and unless told otherwise, see to it that no file of the ledger holds any deleted key any more.

        Raises:
            CredenceError: ``key_ledger_busy``; call it again.
        """
        with self._database.begin() as connection:
            _drop(connection, ids)
            _count_change(connection)
        if everywhere:
            self._database.forget_deleted()

    def erase(self, ids: Collection[bytes]) -> None:
        """Delete keys everywhere, and leave tombstones: no key of these ids is ever taken in again.

        Raises:
            CredenceError: ``key_ledger_busy``; call it again.
        """
        self.add_tombstones(ids)
        self._database.forget_deleted()

    def add_tombstones(self, ids: Collection[bytes]) -> None:
        """Add tombstones; whatever key of such an id is there goes."""
        with self._database.begin() as connection:
            _drop(connection, ids)
            known = erased_of(connection, ids)
            rows = [{"id": key_id} for key_id in dict.fromkeys(ids) if key_id not in known]
            if rows:
                connection.execute(insert(table.erased_key), rows)
            _count_change(connection)

    def erased(self, ids: Collection[bytes]) -> set[bytes]:
        """Return those of ``ids`` that have a tombstone."""
        with self._database.connect() as connection:
            return erased_of(connection, ids)

    @contextmanager
    def snapshot(self) -> Iterator[KeySnapshot]:
        """Give the whole ledger as it is at one moment."""
        with self._database.connect() as connection:
            held = connection.execute(select(_LEDGER.id, _LEDGER.version)).one()
            quarantines = self.quarantines.read(connection)
            yield KeySnapshot(held.id, held.version, quarantines, _rows(connection), _tombstones(connection))

    def dispose(self) -> None:
        """Close all connections."""
        self._database.dispose()


def open_key_ledger(path: Path, store: Store, url: str | None = None) -> KeyLedger:
    """Open the key ledger at ``path``, or in PostgreSQL at ``url``, which holds the keys of ``store``.

    A new store gets a new one.

    Raises:
        InvalidInputError: ``key_ledger_mismatch``; it is gone, or that of another store.
    """
    linked = store.scalar(select(table.key_link.c.ledger))
    if linked is not None and url is None and not path.is_file():
        raise _mismatch(str(path))
    database = find_database(path, url)
    try:
        return _opened(database, store, linked)
    except BaseException:
        database.dispose()
        raise


def _opened(database: Store, store: Store, linked: bytes | None) -> KeyLedger:
    with database.connect() as connection:
        if linked is not None and version_of(connection, KEYS) is None:
            # nothing is made in a database that was named by mistake
            raise _mismatch(database.where)
    require_version(database, KEYS)
    if linked is None:
        linked = _found(database, random_bytes(KEY_ID_BYTES), 0)
        with store.begin() as connection:
            # of two processes that open a new store at once, the second finds the first one's link
            if connection.execute(select(table.key_link.c.ledger)).first() is None:
                connection.execute(insert(table.key_link).values(row=_ONLY, ledger=linked))
    if database.scalar(select(_LEDGER.id)) != linked:
        raise _mismatch(database.where)
    return KeyLedger(database)


def _mismatch(where: str) -> InvalidInputError:
    return InvalidInputError(
        Reason.KEY_LEDGER_MISMATCH,
        f"{where} is not the key ledger of this store; name the right one, or restore its copy",
    )


def new_key_ledger(path: Path, ledger: bytes, version: int, url: str | None = None) -> KeyLedger:
    """Make a key ledger of a known id at ``path`` or ``url``, for a store that is being restored.

    Raises:
        InvalidInputError: ``configuration``; there is one already.
    """
    database = open_database(path, KEYS, url)
    held = database.row(select(_LEDGER.id))
    if held is not None:
        database.dispose()
        raise InvalidInputError(
            Reason.CONFIGURATION, f"there is a key ledger in {database.where}; restore to an empty database"
        )
    _found(database, ledger, version)
    return KeyLedger(database)


def _found(database: Store, ledger: bytes, version: int) -> bytes:
    """Write which ledger a new database is, unless that is known, and return it."""
    with database.begin() as connection:
        held = connection.execute(select(_LEDGER.id)).scalar_one_or_none()
        if held is None:
            connection.execute(insert(table.key_ledger).values(row=_ONLY, id=ledger, version=version))
        return ledger if held is None else held


def _rows(connection: Connection) -> Iterator[tuple[bytes, bytes, int | None]]:
    joined = table.data_key.outerjoin(table.quarantined_key, _HIDDEN.id == _KEY.id)
    query = select(_KEY.id, _KEY.wrapped, _HIDDEN.quarantine).select_from(joined).order_by(_KEY.id)
    with connection.execute(query.execution_options(yield_per=CHUNK)) as rows:
        yield from ((row.id, row.wrapped, row.quarantine) for row in rows)


def _tombstones(connection: Connection) -> Iterator[bytes]:
    query = select(_ERASED.id).order_by(_ERASED.id).execution_options(yield_per=CHUNK)
    with connection.execute(query) as rows:
        yield from rows.scalars()


def erased_of(connection: Connection, ids: Collection[bytes]) -> set[bytes]:
    """Return those of ``ids`` that have a tombstone."""
    return {row.id for row in rows_among(connection, _FIND_ERASED, ids)}


def _drop(connection: Connection, ids: Collection[bytes]) -> None:
    for some in chunks(ids):
        for drop in _DROPS:
            connection.execute(drop, {"ids": some})


def _count_change(connection: Connection) -> None:
    connection.execute(update(table.key_ledger).values(version=_LEDGER.version + 1))
