"""Whose a use is between its recording and its row, so that no process takes that of another for a lost one.

Only where several processes share the store: a process that is alone finds what it left by reading the ledger.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import Store

_CLAIM: Final = table.use_under_way.c


def claim_uses(store: Store, uses: Sequence[tuple[bytes, bytes]]) -> None:
    """Say that this process is about to record (consent, use) pairs, and will write their rows.

    Raises:
        StoreError: ``store_unavailable``; do not record them.
    """
    if not store.turns.is_shared:
        return
    # one that an earlier try claimed is this process's now
    rows = [{"use": use, "consent": consent, "owner": store.turns.me} for consent, use in dict.fromkeys(uses)]
    with store.begin() as connection:
        connection.execute(delete(table.use_under_way).where(_CLAIM.use.in_([use for _, use in uses])))
        connection.execute(insert(table.use_under_way), rows)


def settle_uses(store: Store, connection: Connection, uses: Collection[bytes]) -> None:
    """Forget claims, in the transaction that writes the rows of the uses."""
    if store.turns.is_shared and uses:
        connection.execute(delete(table.use_under_way).where(_CLAIM.use.in_(list(uses))))


def left_uses(store: Store) -> list[tuple[bytes, bytes]]:
    """Return the (consent, use) pairs whose process is gone."""
    with store.connect() as connection:
        rows = connection.execute(select(table.use_under_way)).all()
    dead = {owner for owner in {row.owner for row in rows} if not store.turns.lives(owner)}
    return [(row.consent, row.use) for row in rows if row.owner in dead]
