"""Where a store is, and opening it there."""

from pathlib import Path

from api.storage import notice_table
from api.storage.postgres import PostgresStore, postgres_url
from api.storage.sqlite import SqliteStore
from api.storage.store import Store

__all__ = ["Store", "open_store"]


def open_store(path: Path, url: str | None = None) -> Store:
    """Open (and where it is new, create) the store at ``path``, or in the PostgreSQL database at ``url``.

    Raises:
        InvalidInputError: ``configuration``; the address is none, or the database would not keep what it is given.
        StoreError: ``store_unavailable``.
    """
    store: Store
    if url is None:
        store = SqliteStore(path)
    else:
        store = shared = PostgresStore(postgres_url(url))
        shared.require()
    # one metadata holds the tables of all modules, once they are imported
    with store.begin() as connection:
        notice_table.notification.metadata.create_all(connection)
    return store
