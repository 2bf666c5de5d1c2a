"""Moving data keys between the store and the key ledger, which are two databases, when the store changes its version.

The ledger is made to hold them before the store's transaction ends; if that fails, it holds copies, and the next try
finds them there. Whoever moves a store back to where it holds its keys itself empties the ledger afterwards.
"""

from collections.abc import Iterator
from typing import Final

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, LargeBinary, column, insert, select, table

from api.storage.store import CHUNK, Store, chunks
from api.storage.table import data_key, key_ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_ONLY: Final = 1
_ID_BYTES: Final = 16
_STORED: Final = table("data_key", column("id", LargeBinary()), column("wrapped", LargeBinary()))
_LINK: Final = table("key_link", column("row"), column("ledger", LargeBinary()))
_REMOVAL: Final = table("key_removal", column("id", LargeBinary()))


def take_keys_out(store: Connection, context: MigrationContext) -> None:
    """Make the key ledger hold exactly the keys of a store, and link the two.

    Raises:
        InvalidInputError: ``key_ledger_mismatch``; there is a ledger already, which holds other keys.
    """
    if store.execute(select(_STORED.c.id).limit(1)).first() is None:
        return
    with _ledger_of(context).begin() as ledger:
        held = set(ledger.execute(select(data_key.c.id)).scalars())
        missing = [row for row in _rows(store) if row["id"] not in held]
        if len(held) + len(missing) != sum(1 for _ in _rows(store)):
            raise InvalidInputError(
                Reason.KEY_LEDGER_MISMATCH,
                "there is a key ledger already, and it holds other keys than this store; put it away first",
            )
        named = ledger.execute(select(key_ledger.c.id)).scalar_one_or_none()
        if named is None:
            named = random_bytes(_ID_BYTES)
            ledger.execute(insert(key_ledger).values(row=_ONLY, id=named, version=0))
        for some in chunks(missing):
            ledger.execute(insert(data_key), some)
    store.execute(insert(_LINK).values(row=_ONLY, ledger=named))


def take_keys_back(store: Connection, context: MigrationContext) -> None:
    """Copy the keys of a store from the key ledger into it, but those that were to be removed.

    Raises:
        InvalidInputError: ``key_ledger_mismatch``; this is not the ledger of this store.
    """
    link = store.execute(select(_LINK.c.ledger)).scalar_one_or_none()
    if link is None:
        return
    removed = set(store.execute(select(_REMOVAL.c.id)).scalars())
    with _ledger_of(context).connect() as ledger:
        if ledger.execute(select(key_ledger.c.id)).scalar_one_or_none() != link:
            raise InvalidInputError(Reason.KEY_LEDGER_MISMATCH, "this is not the key ledger of this store")
        for rows in ledger.execute(select(data_key).execution_options(yield_per=CHUNK)).partitions():
            kept = [{"id": row.id, "wrapped": row.wrapped} for row in rows if row.id not in removed]
            if kept:
                store.execute(insert(_STORED), kept)


def _rows(store: Connection) -> Iterator[dict[str, bytes]]:
    return ({"id": row.id, "wrapped": row.wrapped} for row in store.execute(select(_STORED)))


def _ledger_of(context: MigrationContext) -> Store:
    config = context.config
    keys = None if config is None else config.attributes.get("keys")
    if not isinstance(keys, Store):
        raise InvalidInputError(Reason.CONFIGURATION, "this move of the store needs its key ledger")
    return keys
