"""Turns: what one thread at a time does, of all threads of all processes that share a store.

A turn is waited for. An office is held by one process as long as it lives, and another one takes it over then. Both
end with their process, however it ends, and neither is kept in a table: nothing has to be cleaned up after a crash.

Turns and offices keep two processes from doing the same work, and from doing it in an order that the ledger would
refuse. They guard no fact: what must never happen twice is refused by a key of the store or by a number on the
ledger, for a process that lost its connection cannot know at once that its turn is over.

Order of waiting, so that nobody waits in a circle: registrations, then the controllers of a subject, then an
issuer or erasures. No turn is waited for within a transaction of the store.
"""

import fcntl
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from typing_extensions import override

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

PROCESS_ID_BYTES: Final = 16


class SingletonRole(StrEnum):
    """What one process does for all that share a store."""

    JOBS = "jobs"
    INTERVALS = "access intervals"
    NOTIFICATIONS = "notifications"
    WEBHOOKS = "webhooks"


class NamedLocks(ABC):
    """Turns and offices of one store. ``me``: the random id of this process's part in it."""

    def __init__(self) -> None:
        self.me = random_bytes(PROCESS_ID_BYTES)

    @property
    @abstractmethod
    def is_shared(self) -> bool:
        """Whether other processes may work with the store at the same time."""

    @abstractmethod
    def join(self) -> None:
        """Begin to work with the store.

        Raises:
            InvalidInputError: ``store_in_use``; the store takes one process, and there is one.
        """

    @abstractmethod
    def leave(self) -> None:
        """Give up everything; others take it over."""

    @abstractmethod
    def turn(self, kind: str, name: bytes = b"") -> AbstractContextManager[None]:
        """Wait for a turn and hold it. A thread that holds it may enter it again."""

    @abstractmethod
    def holds(self, office: SingletonRole) -> bool:
        """Return whether this process holds an office; it takes one that is free."""

    @abstractmethod
    def resign(self, office: SingletonRole) -> None:
        """Give up an office, if it is held."""

    @abstractmethod
    def lives(self, process: bytes) -> bool:
        """Return whether the process of this id works with the store now."""

    @abstractmethod
    def others(self) -> bool:
        """Return whether other processes work with the store now."""


class _Lock:
    """A lock that exists while somebody uses it. ``depth``: how often its holder entered it."""

    __slots__ = ("depth", "lock", "users")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users = 0
        self.depth = 0


class Locks:
    """Locks by name, within a process; there are as many as are in use."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._used: dict[tuple[str, bytes], _Lock] = {}

    @contextmanager
    def hold(self, kind: str, name: bytes) -> Iterator[bool]:
        """Hold a lock; gives whether the thread did not hold it already."""
        key = kind, name
        with self._guard:
            used = self._used.setdefault(key, _Lock())
            used.users += 1
        try:
            with used.lock:
                used.depth += 1
                try:
                    yield used.depth == 1
                finally:
                    used.depth -= 1
        finally:
            with self._guard:
                used.users -= 1
                if used.users == 0:
                    del self._used[key]


class LocalTurns(NamedLocks):
    """Turns of a store that one process works with: locks of its threads. A locked file keeps others away."""

    def __init__(self, store: Path) -> None:
        super().__init__()
        self._store = store
        self._locks = Locks()
        self._file: IO[bytes] | None = None

    @property
    @override
    def is_shared(self) -> bool:
        return False

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

    @contextmanager
    @override
    def turn(self, kind: str, name: bytes = b"") -> Iterator[None]:
        with self._locks.hold(kind, name):
            yield

    @override
    def holds(self, office: SingletonRole) -> bool:
        return True

    @override
    def resign(self, office: SingletonRole) -> None:
        """Nobody else is there to take it."""

    @override
    def lives(self, process: bytes) -> bool:
        return process == self.me

    @override
    def others(self) -> bool:
        return False
