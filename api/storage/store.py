"""The store: a database that is read in snapshots and written one transaction at a time.

What is too much for one statement, one answer of the database, or one transaction goes in chunks.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import BindParameter, Connection, Executable, Row, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from api.storage.locks import NamedLocks
from ledger_node.domain.error import StoreError
from ledger_node.domain.reason import Reason

CHUNK: Final = 500
"""Rows or ids that go to the database together, or come from it. SQLite takes 32,766 values in a statement."""
IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
"""The ids in a query for ``rows_among``."""
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield ``items`` in their order, in lists of ``size``; the last list may be shorter, and none is empty."""
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk


def rows_among(connection: Connection, query: Executable, ids: Iterable[object]) -> Iterator[Row[Any]]:
    """Yield the rows of a query for ``ids``, however many these are: it names them by ``IDS``."""
    for some in chunks(ids):
        yield from connection.execute(query, {"ids": some})


Values: TypeAlias = Mapping[str, object] | None
"""Of the parameters of a query."""


class StoreKind(StrEnum):
    """Where a database is."""

    FILE = "file"
    POSTGRESQL = "postgresql"


class Store(ABC):
    """Reads see one snapshot and never wait for a writer; writers wait for each other from their first statement on.

    That is so on every database: what a transaction has read is still so when it ends, and none fails because of
    another one. ``kind``: of the database; ``locks``: for what lasts longer than a transaction;
    ``where``: its place, for people.
    """

    kind: StoreKind

    def __init__(self, locks: NamedLocks, where: str) -> None:
        self.locks = locks
        self.where = where
        self.refuses_writes = False
        """Whether the last write failed since the store could not be worked with: every real write tells."""

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection for reading.

        Raises:
            StoreError: ``store_unavailable``.
        """
        with self._outages(), self._reading() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a transaction for writing: durable when it ends, nothing of it there if it fails.

        Raises:
            StoreError: ``store_unavailable``. If the connection broke as the transaction ended, it may be there.
        """
        try:
            with self._outages(), self._writing() as connection:
                yield connection
        except StoreError:
            self.refuses_writes = True
            raise
        self.refuses_writes = False

    def rows(self, query: Executable, values: Values = None) -> Sequence[Row[Any]]:
        """Return all rows of a query.

        Raises:
            StoreError: ``store_unavailable``, here and below.
        """
        with self.connect() as connection:
            return connection.execute(query, values).all()

    def row(self, query: Executable) -> Row[Any] | None:
        """Return the first row of a query, or None."""
        with self.connect() as connection:
            return connection.execute(query).first()

    def scalars(self, query: Executable) -> list[Any]:
        """Return the first column of a query."""
        with self.connect() as connection:
            return list(connection.execute(query).scalars())

    def scalar(self, query: Executable) -> Any:  # noqa: ANN401 - the value of a column
        """Return the first column of the only row of a query, or None."""
        with self.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def write(self, statement: Executable, values: Values | Sequence[Mapping[str, object]] = None) -> int:
        """Execute a statement in a transaction of its own, and return how many rows it touched."""
        with self.begin() as connection:
            return connection.execute(statement, values).rowcount

    @abstractmethod
    def forget_deleted(self) -> None:
        """Make bytes that were deleted leave the files of the database, as far as it lets itself be told to.

        Raises:
            StoreError: ``store_unavailable``.
            CredenceError: ``key_ledger_busy``; somebody has read an old state for so long that it must stay for now.
        """

    @abstractmethod
    def dispose(self) -> None:
        """Close all connections, and leave the locks."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that sees one snapshot."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Return a transaction that no other one of the store overlaps."""

    @abstractmethod
    def _is_outage(self, error: DBAPIError) -> bool:
        """Return whether an error says that the database cannot be worked with now, and not that we asked nonsense."""

    @contextmanager
    def _outages(self) -> Iterator[None]:
        try:
            yield
        except NoConnectionError as error:
            raise self.unavailable("it has no connection left") from error
        except DBAPIError as error:
            if not self._is_outage(error):
                raise
            raise self.unavailable(type(error.orig).__name__) from error

    def unavailable(self, why: str) -> StoreError:
        """Return the refusal of whatever needs the store while it cannot be worked with."""
        return StoreError(Reason.STORE_UNAVAILABLE, f"the store cannot be worked with now ({why}); try again")
