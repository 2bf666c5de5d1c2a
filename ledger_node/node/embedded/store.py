"""The chain file: one SQLite database, written by one process, one transaction a block.

``node`` holds py-evm's content-addressed values (trie nodes and code, keyed by keccak); nothing in it is
ever changed or removed, so that every past state stays readable. ``block``, ``tx`` and ``log`` are what the
JSON-RPC methods look up. ``meta`` holds the genesis and the allowlist.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from ledger_node.node.embedded.error import NodeError, NodeReason

APPLICATION_ID: Final = 0x43724E64
"""``CrNd`` in the SQLite header: this file is a Credence chain."""
FORMAT_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE node(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE block(number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL,
                   seal BLOB NOT NULL, size INTEGER NOT NULL);
CREATE TABLE tx(hash BLOB PRIMARY KEY, block INTEGER NOT NULL, idx INTEGER NOT NULL, raw BLOB NOT NULL,
                sender BLOB NOT NULL, recipient BLOB, contract BLOB, status INTEGER NOT NULL,
                gas_used INTEGER NOT NULL, cumulative_gas INTEGER NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX tx_place ON tx(block, idx);
CREATE TABLE log(block INTEGER NOT NULL, log_idx INTEGER NOT NULL, tx_idx INTEGER NOT NULL,
                 address BLOB NOT NULL, topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB,
                 data BLOB NOT NULL, PRIMARY KEY(block, log_idx)) WITHOUT ROWID;
CREATE INDEX log_topic ON log(address, topic0, topic1, block);
CREATE INDEX log_address ON log(address, block);
"""


class BlockRow(NamedTuple):
    """A sealed header; ``header`` is its RLP and ``size`` the bytes of the whole block."""

    number: int
    hash: bytes
    header: bytes
    seal: bytes
    size: int


class TxRow(NamedTuple):
    """A mined transaction with what its receipt adds."""

    hash: bytes
    block: int
    idx: int
    raw: bytes
    sender: bytes
    recipient: bytes | None
    contract: bytes | None
    status: int
    gas_used: int
    cumulative_gas: int


class LogRow(NamedTuple):
    """One event; ``log_idx`` counts within the block."""

    block: int
    log_idx: int
    tx_idx: int
    address: bytes
    topic0: bytes | None
    topic1: bytes | None
    topic2: bytes | None
    topic3: bytes | None
    data: bytes


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Refuse a file that SQLite cannot read.

    Raises:
        NodeError: ``chain_corrupt``.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise NodeError(NodeReason.CHAIN_CORRUPT, f"{path} cannot be read: {error}") from error


def _lock(path: Path, held: contextlib.ExitStack) -> None:
    """Keep other processes from the chain for as long as ``held`` is."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise NodeError(NodeReason.CHAIN_LOCKED, f"another process is using the chain {path}") from error


@contextlib.contextmanager
def _connection(path: Path, *more: str) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    with contextlib.closing(opened) as connection:
        for setting in ("busy_timeout=10000", "synchronous=FULL", "cache_size=-32000", *more):
            connection.execute(f"PRAGMA {setting}")
        yield connection


def _make(path: Path, meta: dict[str, str], genesis: BlockRow) -> None:
    """Write a chain file beside ``path`` and move it there: a half-made one never bears the name."""
    # a name that only we give: whatever has it is a rest of ours
    draft = path.with_name(f".{path.name}.credence.partial")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with _connection(draft) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute("INSERT INTO block VALUES (?,?,?,?,?)", genesis)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={FORMAT_VERSION}")
        connection.execute("COMMIT")
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Store:
    """The only door to the chain file. One thread writes; any number read, each on its own connection."""

    def __init__(self, path: Path, held: contextlib.ExitStack) -> None:
        with readable(path):
            self._writer = held.enter_context(_connection(path))
            check_format(self._writer, path)
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA wal_autocheckpoint=4000")
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._held = held.pop_all()

    @classmethod
    def create(cls, path: Path, meta: dict[str, str], genesis: BlockRow) -> Self:
        """Make a chain file with its first block and hold it.

        Raises:
            NodeError: ``chain_exists`` or ``chain_locked``.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            _lock(path, held)
            if path.exists():
                raise NodeError(NodeReason.CHAIN_EXISTS, f"there is a chain at {path} already")
            _make(path, meta, genesis)
            return cls(path, held)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Hold an existing chain file.

        Raises:
            NodeError: ``chain_missing``, ``chain_locked``, ``chain_format`` or ``chain_corrupt``.
        """
        require_file(path)
        with contextlib.ExitStack() as held:
            _lock(path, held)
            return cls(path, held)

    def close(self) -> None:
        """Let go of the file; nothing is unwritten."""
        with self._guard:
            self._idle.clear()
            self._held.close()

    @contextlib.contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that reads committed blocks, for one thread at a time."""
        with self._guard:
            connection = (
                self._idle.pop() if self._idle else self._held.enter_context(_connection(self._path, "query_only=ON"))
            )
        try:
            yield connection
        finally:
            with self._guard:
                self._idle.append(connection)

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds in committed blocks."""
        with self.reader() as connection:
            return connection.execute(query, values).fetchall()

    def node(self, key: bytes) -> bytes | None:
        """Return a trie node or code by its hash."""
        rows = self.rows("SELECT value FROM node WHERE key=?", key)
        return rows[0][0] if rows else None

    def meta(self, key: str) -> str:
        """Return a value of the meta table.

        Raises:
            NodeError: ``chain_corrupt`` if it is not there.
        """
        rows = self.rows("SELECT value FROM meta WHERE key=?", key)
        if not rows:
            raise NodeError(NodeReason.CHAIN_CORRUPT, f"the chain file holds no {key}")
        return str(rows[0][0])

    def set_meta(self, key: str, value: object) -> None:
        """Store a value of the meta table as JSON, durably; on the writer's thread or when it is idle."""
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def has_transaction(self, tx_hash: bytes) -> bool:
        """Tell whether a transaction is mined; for the writer's thread."""
        query = "SELECT 1 FROM tx WHERE hash=?"
        return self._writer.execute(query, (tx_hash,)).fetchone() is not None

    def write_block(
        self,
        block: BlockRow,
        nodes: Sequence[tuple[bytes, bytes]],
        transactions: Sequence[TxRow],
        logs: Sequence[LogRow],
    ) -> None:
        """Store everything of a block in one SQLite transaction and wait until the disk has it."""
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            writer.executemany("INSERT OR IGNORE INTO node VALUES (?,?)", sorted(nodes))
            writer.execute("INSERT INTO block VALUES (?,?,?,?,?)", block)
            writer.executemany("INSERT INTO tx VALUES (?,?,?,?,?,?,?,?,?,?)", transactions)
            writer.executemany("INSERT INTO log VALUES (?,?,?,?,?,?,?,?,?)", logs)
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise


def require_file(path: Path) -> None:
    """Require that there is a chain.

    Raises:
        NodeError: ``chain_missing``.
    """
    if not path.is_file():
        raise NodeError(NodeReason.CHAIN_MISSING, f"there is no chain at {path}")


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Require that a database is a chain of this version.

    Raises:
        NodeError: ``chain_format``.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise NodeError(NodeReason.CHAIN_FORMAT, f"{path} is not a Credence chain")
    if version != FORMAT_VERSION:
        raise NodeError(NodeReason.CHAIN_FORMAT, f"{path} has format {version}; this version reads {FORMAT_VERSION}")
