"""What a new key ledger gets from the copy: all tombstones, and the keys that the restored store names."""

import sqlite3
from typing import Final

from api.storage.database import chunks
from api.vault.key_copy import CopiedKeys
from api.vault.key_ledger import KeyLedger

_GENERATION: Final = 1 << 32


def take_keys(keys: CopiedKeys, ledger: KeyLedger, scratch: sqlite3.Connection) -> int:
    """Take over the keys that the restored store names (the table ``named``), and return how many there are.

    A key that nothing here names could only open what a newer copy of the store holds.
    """
    ledger.quarantines.restore(keys.quarantines)
    named = (row for row in keys.rows() if scratch.execute("SELECT 1 FROM named WHERE id=?", row[:1]).fetchone())
    taken = 0
    for rows in chunks(named):
        ledger.put({key_id: wrapped for key_id, wrapped, _ in rows})
        ledger.quarantines.restore_keys({key_id: change for key_id, _, change in rows if change is not None})
        taken += len(rows)
    return taken


def take_tombstones(keys: CopiedKeys, ledger: KeyLedger) -> None:
    """Take over what was erased, all of it: the key ledger never goes back, whatever the store goes back to."""
    for erased in chunks(keys.erased()):
        ledger.add_tombstones(erased)


def next_generation(version: int) -> int:
    """Return a version that no copy of before the restoring reaches, so that none passes for a newer one after it."""
    return (version // _GENERATION + 1) * _GENERATION
