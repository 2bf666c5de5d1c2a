"""The store: SQLite in WAL mode, every commit fsynced, deleted bytes overwritten."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, update

from api.storage import notice_table
from api.storage.write_health import WriteHealth

_BUSY_MS: Final = 30_000


class Store:
    """Reads see one snapshot and never wait for a writer; writers take turns from their first statement on."""

    def __init__(self, engine: Engine) -> None:
        self._reader = engine
        self.writes = WriteHealth(engine)
        self._writer = engine.execution_options(immediate=True)

    def connect(self) -> AbstractContextManager[Connection]:
        """Return a connection for reading."""
        return self._reader.connect()

    def begin(self) -> AbstractContextManager[Connection]:
        """Return a transaction for writing: durable when it ends, nothing of it there if it fails."""
        return self._writer.begin()

    def try_writing(self) -> None:
        """Write a row again as it is, to find out whether the store takes writes again."""
        cursor = notice_table.chain_cursor
        with self.begin() as connection:
            connection.execute(update(cursor).values(next_block=cursor.c.next_block))

    def forget_deleted(self) -> None:
        """Make bytes that were deleted leave the write-ahead log as well."""
        raw = self._reader.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()

    def dispose(self) -> None:
        """Close all connections."""
        self._reader.dispose()


def open_store(path: Path) -> Store:
    """Open (and where it is new, create) the store at ``path``."""
    url = f"sqlite:///{path}"
    engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener signature
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={_BUSY_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    # one metadata holds the tables of all modules, once they are imported
    notice_table.notification.metadata.create_all(engine)
    return Store(engine)
