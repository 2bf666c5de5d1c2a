"""The store in a file: SQLite in WAL mode, every commit fsynced, deleted bytes overwritten. For one process."""

import fcntl
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from typing_extensions import override

from api.storage.locks import NamedLocks
from api.storage.store import Store, StoreKind
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

_BUSY_MS: Final = 30_000
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MS}",
)
_OUTAGES: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_PRIMARY_CODE: Final = 0xFF


class SqliteStore(Store):
    """A store in the file at ``path``."""

    kind = StoreKind.FILE

    def __init__(self, path: Path) -> None:
        super().__init__(LocalLocks(path), str(path))
        self.engine = sqlite_engine(path)
        self._writer = self.engine.execution_options(immediate=True)

    @override
    def forget_deleted(self) -> None:
        with self._outages():
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                # a row that was deleted is overwritten, but not what stayed of it where pages were split or joined:
                # the file is written anew, and the write-ahead log emptied
                cursor.execute("PRAGMA temp_store=MEMORY")
                cursor.execute("VACUUM")
                busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        if busy:
            raise CredenceError(Reason.KEY_LEDGER_BUSY, "what was deleted is still being read; ask again")

    @override
    def dispose(self) -> None:
        self.engine.dispose()
        self.locks.leave()

    @override
    def _reading(self) -> AbstractContextManager[Connection]:
        return self.engine.connect()

    @override
    def _writing(self) -> AbstractContextManager[Connection]:
        return self._writer.begin()

    @override
    def _is_outage(self, error: DBAPIError) -> bool:
        code: int | None = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & _PRIMARY_CODE in _OUTAGES


def sqlite_engine(path: Path) -> Engine:
    """Return an engine for the file at ``path``; a transaction with the option ``immediate`` excludes other writers."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener signature
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("immediate", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # this one cannot fail, and there are so many that what SQLAlchemy does around a statement would count
            connection.connection.cursor().execute("BEGIN")

    return engine


class LocalLocks(NamedLocks):
    """Locks of a store in a file. A second file, which is locked, keeps other processes away."""

    def __init__(self, store: Path) -> None:
        super().__init__()
        self._store = store
        self._file: IO[bytes] | None = None

    @override
    def join(self) -> None:
        file = self._store.with_name(f"{self._store.name}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise InvalidInputError(
                Reason.STORE_IN_USE,
                f"another process works with {self._store}; stop it first, or keep the store in PostgreSQL, "
                "which several may share (docs/operating.md)",
            ) from error
        self._file = file

    @override
    def leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
