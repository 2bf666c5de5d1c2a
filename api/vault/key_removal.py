"""Removing data keys: noted in the store with the effect, done in the key ledger, and then the note is closed.

A kill between any two of these leaves the note, and whoever comes next finishes: the next start, the next removal, or
the same request asked again. No answer about a removal leaves before it is done.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import IDS, Store, chunks, rows_among
from api.vault.key_ledger import KeyLedger

_NOTE: Final = table.key_removal.c


class KeyRemovals:
    """Removes keys. ``refresh_copy`` makes the copy of the key ledger follow, where there is one."""

    def __init__(self, store: Store, keys: KeyLedger, refresh_copy: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._keys = keys
        self._refresh_copy = refresh_copy

    @contextmanager
    def removing(self) -> Iterator[Connection]:
        """Give a transaction that may ``schedule`` keys; they are gone when this ends."""
        with self._store.begin() as connection:
            yield connection
        self.finish()

    @staticmethod
    def schedule(connection: Connection, ids: Collection[bytes], *, erases: bool = False) -> None:
        """Save that keys are to be removed, in the transaction that has no use for them any more.

        ``erases``: they never come back, whatever is restored, and the copy follows before the note is closed.
        """
        known = {row.id for row in rows_among(connection, select(_NOTE.id).where(_NOTE.id.in_(IDS)), ids)}
        rows = [{"id": key_id, "erases": int(erases)} for key_id in dict.fromkeys(ids) if key_id not in known]
        if rows:
            connection.execute(insert(table.key_removal), rows)

    def waiting(self) -> list[bytes]:
        """Return one name if keys are noted that are not removed yet: they go together."""
        noted = self._store.row(select(_NOTE.id).limit(1))
        return [] if noted is None else [b""]

    def finish(self, *, refresh: bool = False) -> None:
        """Remove what is noted. ``refresh``: the copy follows in any case.

        Raises:
            CredenceError: the key ledger or its copy cannot be changed now; the notes stay, call it again.
        """
        noted = self._store.rows(select(table.key_removal))
        if not noted and not refresh:
            return
        ids = [note.id for note in noted]
        erased = [note.id for note in noted if note.erases]
        spent = [note.id for note in noted if not note.erases]
        if spent:
            # those of uploads and endpoints that are over leave the last byte with the next erasure
            self._keys.delete(spent, everywhere=refresh and not erased)
        if erased:
            self._keys.erase(erased)
        if erased or refresh:
            self._refresh_copy()
        with self._store.begin() as connection:
            for some in chunks(ids):
                connection.execute(delete(table.key_removal).where(_NOTE.id.in_(some)))
