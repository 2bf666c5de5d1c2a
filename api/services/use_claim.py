"""Whose a use is between its recording and its row, so that no process takes that of another for a lost one.

Only where several processes share the store: a process that is alone finds what it left by reading the ledger.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import Store

_CLAIM: Final = table.use_under_way.c


@dataclass(frozen=True, slots=True)
class UseClaims:
    """The claims in a store."""

    store: Store

    def claim(self, uses: Sequence[tuple[bytes, bytes]]) -> None:
        """Say that this process is about to record (consent, use) pairs, and will write their rows.

        Raises:
            StoreError: ``store_unavailable``; do not record them.
        """
        if not self.store.turns.is_shared:
            return
        # one that an earlier try claimed is this process's now
        rows = [{"use": use, "consent": consent, "owner": self.store.turns.me} for consent, use in dict.fromkeys(uses)]
        with self.store.begin() as connection:
            self.settle(connection, [use for _, use in uses])
            connection.execute(insert(table.use_under_way), rows)

    def drop(self, uses: Collection[bytes]) -> None:
        """Forget claims on uses that were not recorded.

        Raises:
            StoreError: ``store_unavailable``; they stay until the process ends.
        """
        if self.store.turns.is_shared and uses:
            with self.store.begin() as connection:
                self.settle(connection, uses)

    def settle(self, connection: Connection, uses: Collection[bytes]) -> None:
        """Forget claims, in the transaction that writes the rows of the uses."""
        if self.store.turns.is_shared and uses:
            connection.execute(delete(table.use_under_way).where(_CLAIM.use.in_(list(uses))))

    def left(self) -> list[tuple[bytes, bytes]]:
        """Return the (consent, use) pairs whose process is gone."""
        with self.store.connect() as connection:
            rows = connection.execute(select(table.use_under_way)).all()
        dead = {owner for owner in {row.owner for row in rows} if not self.store.turns.lives(owner)}
        return [(row.consent, row.use) for row in rows if row.owner in dead]
