"""Locks of processes that share a PostgreSQL database: advisory locks, which end with the session that holds them.

The key of a lock is the first 8 bytes of SHA-256("credence/turn/" KIND NUL NAME), as a signed number. A process shows
that it is alive by a lock of two numbers: ``_PROCESSES``, and the first 4 bytes of its id. Locks count within a
database, so one that two stores shared would only make them wait for each other.

A lock is held by a session of its own, in no transaction, and threads of one process wait for each other before one of
them asks the server. Roles and the sign of life are held by one more session; when that breaks, they are lost
together, and a round each second tries to get them back.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from typing_extensions import override

from api.storage.locks import NamedLocks, SingletonRole
from api.work.periodic import Periodic
from ledger_node.domain.error import StoreError
from ledger_node.domain.hashing import sha256_digest

_PROCESSES: Final = 0x43524544
_INTERVAL_S: Final = 1.0
_LOCK: Final = text("SELECT pg_advisory_lock(:key)")
_TRY: Final = text("SELECT pg_try_advisory_lock(:key)")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(:key)")
_UNLOCK_ALL: Final = text("SELECT pg_advisory_unlock_all()")
_LIVE: Final = text("SELECT pg_advisory_lock(:kind, :process)")
_LIVING: Final = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = :kind AND objsubid = 2 "
    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_PING: Final = text("SELECT 1")
_log = logging.getLogger(__name__)


def lock_key(kind: str, name: bytes = b"") -> int:
    """Return the number of an advisory lock."""
    return int.from_bytes(sha256_digest(b"credence/turn/" + kind.encode() + b"\x00" + name)[:8], "big", signed=True)


class SharedLocks(NamedLocks):
    """Locks in a database. ``engine``: of sessions in autocommit; ``outages``: names the faults of the server."""

    def __init__(self, engine: Engine, outages: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__()
        self._engine = engine
        self._outages = outages
        self._guard = threading.Lock()
        self._session: Connection | None = None
        self._roles: set[SingletonRole] = set()
        self._staying = Periodic(self._stay, interval_s=_INTERVAL_S, name="sign of life")

    @property
    @override
    def is_shared(self) -> bool:
        return True

    @override
    def join(self) -> None:
        with self._guard, self._outages():
            self._own_session()
        self._staying.start()

    @override
    def leave(self) -> None:
        self._staying.stop()
        with self._guard:
            if self._session is not None:
                # said to the server, which would learn of a closed connection a moment later
                with suppress(DBAPIError):
                    self._session.execute(_UNLOCK_ALL)
            self._drop()

    @contextmanager
    @override
    def lock(self, kind: str, name: bytes = b"") -> Iterator[None]:
        key = {"key": lock_key(kind, name)}
        with self._threads.hold(kind, name) as is_first, ExitStack() as held:
            if is_first:
                with self._outages():
                    session = held.enter_context(self._engine.connect())
                    session.execute(_LOCK, key)
                held.callback(_unlock, session, key)
            yield

    @override
    def acquire(self, role: SingletonRole) -> bool:
        with self._guard:
            try:
                with self._outages():
                    session = self._own_session()
                    if role in self._roles:
                        session.execute(_PING)
                    elif session.execute(_TRY, {"key": lock_key("office", role.encode())}).scalar_one():
                        self._roles.add(role)
            except StoreError:
                # the locks end with the session, so all roles are open to others
                self._drop()
            return role in self._roles

    @override
    def release(self, role: SingletonRole) -> None:
        with self._guard:
            if role in self._roles and self._session is not None:
                self._roles.remove(role)
                _unlock(self._session, {"key": lock_key("office", role.encode())})

    @override
    def is_alive(self, process_id: bytes) -> bool:
        return process_id == self.process_id or _number(process_id) in self._living()

    @override
    def has_peers(self) -> bool:
        return bool(self._living() - {_number(self.process_id)})

    def _living(self) -> set[int]:
        with self._outages(), self._engine.connect() as connection:
            return set(connection.execute(_LIVING, {"kind": _PROCESSES}).scalars())

    def _own_session(self) -> Connection:
        if self._session is None:
            session = self._engine.connect()
            session.execute(_LIVE, {"kind": _PROCESSES, "process": _signed(_number(self.process_id))})
            self._session = session
        return self._session

    def _drop(self) -> None:
        self._roles.clear()
        if self._session is not None:
            with suppress(DBAPIError):
                self._session.invalidate()
                self._session.close()
            self._session = None

    def _stay(self) -> None:
        """See to it that the session lives, and with it all that it holds."""
        with self._guard:
            try:
                with self._outages():
                    self._own_session().execute(_PING)
            except StoreError as error:
                _log.warning("the sign of life is lost: %s", error.message)
                self._drop()


def _unlock(session: Connection, key: dict[str, int]) -> None:
    try:
        session.execute(_UNLOCK, key)
    except DBAPIError:
        # the lock is gone with the session, or it goes with it now
        session.invalidate()


def _number(process: bytes) -> int:
    return int.from_bytes(process[:4], "big")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number
