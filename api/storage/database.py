"""Opening a database of this program: in a file, or in PostgreSQL."""

from pathlib import Path

from api.storage.migration.schema import STORE, Schema
from api.storage.migration.version import require_version
from api.storage.postgres import PostgresStore, postgres_url
from api.storage.sqlite import SqliteStore
from api.storage.store import CHUNK, IDS, Store, chunks, rows_among

__all__ = ["CHUNK", "IDS", "Store", "chunks", "find_database", "open_database", "open_store", "rows_among"]


def open_store(path: Path, url: str | None = None) -> Store:
    """Open (and where it is new, create) the store at ``path``, or in the PostgreSQL database at ``url``.

    Raises:
        As ``open_database``.
    """
    return open_database(path, STORE, url)


def open_database(path: Path, schema: Schema, url: str | None = None) -> Store:
    """Open (and where it is new, create) a database with the tables of ``schema``.

    Raises:
        InvalidInputError: ``configuration``; the address is none, or the database would not keep what it is given.
            ``store_outdated`` or ``store_newer``; it is of another version than this program.
        StoreError: ``store_unavailable``.
    """
    database = find_database(path, url)
    try:
        require_version(database, schema)
    except Exception:
        database.dispose()
        raise
    return database


def find_database(path: Path, url: str | None = None) -> Store:
    """Return a database, whatever its version is.

    Raises:
        InvalidInputError: ``configuration``, as ``open_database``.
        StoreError: ``store_unavailable``.
    """
    if url is None:
        return SqliteStore(path)
    shared = PostgresStore(postgres_url(url))
    shared.require()
    return shared
