"""Leases of uses: from its count to its row, a lease says which process will write the row of a use.

Processes that share the store write their leases there. A process that is alone reads the ledger to find what an
earlier run left. Until it has done so, it remembers which uses are its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import IDS, Store

_LEASE: Final = table.use_under_way.c
_RELEASE: Final = delete(table.use_under_way).where(_LEASE.use.in_(IDS))


@dataclass(slots=True)
class UseLeases:
    """The leases in a store. ``own``: uses that this process leased while it may be asked; None afterwards."""

    store: Store
    own: set[bytes] | None = None

    def acquire(self, uses: Sequence[tuple[bytes, bytes]]) -> None:
        """Say that this process is about to record (consent, use) pairs, and will write their rows.

        Raises:
            StoreError: ``store_unavailable``; do not record them.
        """
        own = self.own
        if own is not None:
            own.update(use for _, use in uses)
        if not self.store.locks.is_shared:
            return
        # one that an earlier try leased is this process's now
        rows = [
            {"use": use, "consent": consent, "owner": self.store.locks.process_id}
            for consent, use in dict.fromkeys(uses)
        ]
        with self.store.begin() as connection:
            self.release(connection, [use for _, use in uses])
            connection.execute(insert(table.use_under_way), rows)

    def cancel(self, uses: Collection[bytes]) -> None:
        """Delete leases of uses that were not recorded.

        Raises:
            StoreError: ``store_unavailable``; they stay until the process ends.
        """
        if self.store.locks.is_shared and uses:
            with self.store.begin() as connection:
                self.release(connection, uses)

    def release(self, connection: Connection, uses: Collection[bytes]) -> None:
        """Delete leases, in the transaction that writes the rows of the uses."""
        if self.store.locks.is_shared and uses:
            connection.execute(_RELEASE, {"ids": list(uses)})

    def is_leased(self, use: bytes) -> bool:
        """Return whether a process that lives, this one or another, will write the rows of a use."""
        if self.own is not None and use in self.own:
            return True
        if not self.store.locks.is_shared:
            return False
        owner = self.store.scalar(select(_LEASE.owner).where(_LEASE.use == use))
        return owner is not None and self.store.locks.is_alive(owner)

    def abandoned(self) -> list[tuple[bytes, bytes]]:
        """Return the (consent, use) pairs whose process is gone."""
        rows = self.store.rows(select(table.use_under_way))
        dead = {owner for owner in {row.owner for row in rows} if not self.store.locks.is_alive(owner)}
        return [(row.consent, row.use) for row in rows if row.owner in dead]
