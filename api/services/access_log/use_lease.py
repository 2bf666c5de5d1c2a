"""Whose a use is between its recording and its row, so that nobody takes it for a lost one.

Where several processes share the store each says it there. A process that is alone finds what an earlier run left by
reading the ledger; until it has done so, it remembers which uses are its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import Store

_CLAIM: Final = table.use_under_way.c


@dataclass(slots=True)
class UseLeases:
    """The claims in a store. ``own``: what this process claimed while it may have to tell; None afterwards."""

    store: Store
    own: set[bytes] | None = None

    def claim(self, uses: Sequence[tuple[bytes, bytes]]) -> None:
        """Say that this process is about to record (consent, use) pairs, and will write their rows.

        Raises:
            StoreError: ``store_unavailable``; do not record them.
        """
        own = self.own
        if own is not None:
            own.update(use for _, use in uses)
        if not self.store.locks.is_shared:
            return
        # one that an earlier try claimed is this process's now
        rows = [
            {"use": use, "consent": consent, "owner": self.store.locks.process_id}
            for consent, use in dict.fromkeys(uses)
        ]
        with self.store.begin() as connection:
            self.settle(connection, [use for _, use in uses])
            connection.execute(insert(table.use_under_way), rows)

    def drop(self, uses: Collection[bytes]) -> None:
        """Forget claims on uses that were not recorded.

        Raises:
            StoreError: ``store_unavailable``; they stay until the process ends.
        """
        if self.store.locks.is_shared and uses:
            with self.store.begin() as connection:
                self.settle(connection, uses)

    def settle(self, connection: Connection, uses: Collection[bytes]) -> None:
        """Forget claims, in the transaction that writes the rows of the uses."""
        if self.store.locks.is_shared and uses:
            connection.execute(delete(table.use_under_way).where(_CLAIM.use.in_(list(uses))))

    def is_under_way(self, use: bytes) -> bool:
        """Return whether a process that lives, this one or another, will write the rows of a use."""
        if self.own is not None and use in self.own:
            return True
        if not self.store.locks.is_shared:
            return False
        with self.store.connect() as connection:
            owner = connection.execute(select(_CLAIM.owner).where(_CLAIM.use == use)).scalar_one_or_none()
        return owner is not None and self.store.locks.is_alive(owner)

    def left(self) -> list[tuple[bytes, bytes]]:
        """Return the (consent, use) pairs whose process is gone."""
        with self.store.connect() as connection:
            rows = connection.execute(select(table.use_under_way)).all()
        dead = {owner for owner in {row.owner for row in rows} if not self.store.locks.is_alive(owner)}
        return [(row.consent, row.use) for row in rows if row.owner in dead]
