"""Copying a chain file while its node runs: one moment of it, with all that was committed until then."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ledger_node.node.embedded.store import check_format, readable, require_file


class ChainMoment(NamedTuple):
    """A chain file at one moment, and its newest block; the connection holds the moment fast."""

    connection: sqlite3.Connection
    block: int
    block_hash: bytes

    def hash_of(self, block: int) -> bytes | None:
        """Return the hash of a block, or None if the chain is not as long."""
        row = self.connection.execute("SELECT hash FROM block WHERE number=?", (block,)).fetchone()
        return None if row is None else bytes(row[0])

    def copy_to(self, path: Path) -> None:
        """Write this moment as a chain file of its own, with no file beside it."""
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
            self.connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")


@contextlib.contextmanager
def chain_moment(path: Path) -> Iterator[ChainMoment]:
    """Give the chain at ``path`` as it is now, whoever writes to it meanwhile.

    Raises:
        NodeError: ``chain_missing``, ``chain_format`` or ``chain_corrupt``.
    """
    require_file(path)
    with readable(path), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout=10000")
        check_format(connection, path)
        # a read transaction sees what was committed when it read first
        connection.execute("BEGIN")
        newest = connection.execute("SELECT number, hash FROM block ORDER BY number DESC LIMIT 1").fetchone()
        yield ChainMoment(connection, int(newest[0]), bytes(newest[1]))
