"""The store in PostgreSQL, which several processes on several hosts may share.

The same words hold as for a file. A transaction that writes first takes one lock that all writers of the store
take, and holds it until it has ended and can be seen. So writers take turns here as well, none is ever refused for
what another one did (there is no serialisation failure, and with one lock no deadlock), and each statement of a
writer reads what the writers before it left: at READ COMMITTED, since a snapshot taken while it waited would be old.
A reader takes no lock; REPEATABLE READ gives it one snapshot.

What a writer waits for is bounded, and so is how long one that hangs keeps the others waiting: the server ends a
transaction that does nothing for a minute.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from typing_extensions import override

from api.storage.postgres_locks import SharedLocks, lock_key
from api.storage.store import Store, StoreKind
from ledger_node.domain.error import InvalidInputError, StoreError
from ledger_node.domain.reason import Reason

DRIVERS: Final = frozenset({"postgresql", "postgresql+psycopg"})
_CONNECTIONS: Final = 5
_MORE_CONNECTIONS: Final = 19
_LOCKS: Final = 2
_MORE_LOCKS: Final = 10
"""At most 36 connections a process, and one that says that it lives."""
_PATIENCE_S: Final = 10
_CONNECT_S: Final = 5
_SESSION: Final = {
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    # a host that vanished must not hold its locks for hours
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_UNHURRIED: Final = {"lock_timeout": "120s", "statement_timeout": "0", "idle_session_timeout": "0"}
_OLDEST: Final = 140_000
_LOOKED_AT: Final = ("server_version_num", "server_encoding", "synchronous_commit")
_WRITER: Final = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key", lock_key("writer")))
_ENDED: Final = frozenset(
    {
        "25006",  # the server takes no writes: it is a standby
        "25P03",  # the transaction did nothing for too long
    }
)
_log = logging.getLogger(__name__)


class PostgresStore(Store):
    """A store in the database at ``url``. No repr or message shows more of the address than host and database."""

    kind = StoreKind.POSTGRESQL

    def __init__(self, url: URL) -> None:
        self.engine, self._unhurried = postgres_engine(url), postgres_engine(url, unhurried=True)
        where = f"{url.host or 'the default host'}/{url.database or 'the default database'}"
        super().__init__(SharedLocks(self._unhurried, self._outages), where)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def require(self) -> None:
        """Require that the database answers, and would keep what it is given.

        Raises:
            StoreError: ``store_unavailable``, with the server's words.
            InvalidInputError: ``configuration``.
        """
        try:
            with self.engine.connect() as connection:
                if connection.execute(text("SHOW fsync")).scalar_one() != "on":
                    _log.warning("the database server has fsync off: a crash of its host loses what was acknowledged")
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.ProgrammingError):
                # libpq names what it does not know, and the value of an option may be a password
                raise InvalidInputError(
                    Reason.CONFIGURATION, "the address of the database holds an option that libpq does not know"
                ) from None
            words = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
            raise StoreError(
                Reason.STORE_UNAVAILABLE, f"the database at {self.where} does not answer: {words[0]}"
            ) from None

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Give a connection each of whose statements stands alone, and waits for no writer.

        Raises:
            StoreError: ``store_unavailable``.
        """
        with self._outages(), self._single.connect() as connection:
            yield connection

    @override
    def forget_deleted(self) -> None:
        with self._outages(), self._unhurried.connect() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for name in inspect(connection).get_table_names():
                connection.execute(text(f"VACUUM {quote(name)}"))

    @override
    def dispose(self) -> None:
        self.locks.leave()
        self._unhurried.dispose()
        self.engine.dispose()

    @override
    def _reading(self) -> AbstractContextManager[Connection]:
        return self._reader.connect()

    @contextmanager
    @override
    def _writing(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            connection.execute(_WRITER)
            yield connection

    @override
    def _is_outage(self, error: DBAPIError) -> bool:
        # the server is away, shuts down, waits in vain for a lock, or takes no writes
        if error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError):
            return True
        return getattr(error.orig, "sqlstate", None) in _ENDED


def postgres_url(text_of_url: str) -> URL:
    """Read the address of a PostgreSQL database; what it leaves out, libpq takes from its own environment.

    Raises:
        InvalidInputError: ``configuration``; the words show nothing of the address, which may hold a password.
    """
    try:
        url = make_url(text_of_url)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in DRIVERS:
        raise InvalidInputError(
            Reason.CONFIGURATION, "the address of a database must be like postgresql://USER@HOST:5432/DATABASE"
        ) from None
    return url.set(drivername="postgresql+psycopg")


def postgres_engine(url: URL, *, unhurried: bool = False) -> Engine:
    """Return an engine. ``unhurried``: for sessions that hold locks or tidy up, which may take their time."""
    session = _SESSION | (_UNHURRIED if unhurried else {})
    engine = create_engine(
        url,
        connect_args={"connect_timeout": _CONNECT_S, "application_name": "credence"},
        hide_parameters=True,
        isolation_level="AUTOCOMMIT" if unhurried else "READ COMMITTED",
        max_overflow=_MORE_LOCKS if unhurried else _MORE_CONNECTIONS,
        pool_pre_ping=True,
        pool_size=_LOCKS if unhurried else _CONNECTIONS,
        pool_timeout=_PATIENCE_S,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener signature
        _set_up(connection, session)

    return engine


def _set_up(connection: Any, session: Mapping[str, str]) -> None:  # noqa: ANN401 - a connection of psycopg
    """Bound what a session waits for, and require that its commits are durable.

    Raises:
        InvalidInputError: ``configuration``; the server would lose or garble what it acknowledged.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(name) FROM unnest(%s::text[]) AS name", (list(_LOOKED_AT),))
        version, encoding, synchronous = (value for (value,) in cursor.fetchall())
        if int(version) < _OLDEST:
            raise InvalidInputError(Reason.CONFIGURATION, "the store needs PostgreSQL 14 or newer")
        if encoding != "UTF8":
            raise InvalidInputError(Reason.CONFIGURATION, "the database of the store must have the encoding UTF8")
        if synchronous == "off":
            raise InvalidInputError(
                Reason.CONFIGURATION,
                "synchronous_commit is off for this role or database, so a crash would lose what was acknowledged; "
                "turn it on",
            )
        cursor.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS given (name, value)",
            (list(session), list(session.values())),
        )
    connection.commit()
