"""Named locks: what one thread at a time does, of all threads of all processes that share a store.

A lock is waited for. A role is held by one process as long as it lives, and another one takes it over then. Both end
with their process, however it ends, and neither is kept in a table: nothing has to be cleaned up after a crash.

Locks and roles keep two processes from doing the same work, and from doing it in an order that the ledger would
refuse. They guard no fact: what must never happen twice is refused by a key of the store or by a number on the
ledger, for a process that lost its connection cannot know at once that its lock is gone.

Order of waiting, so that nobody waits in a circle: registrations, then the controllers of a subject, then an
issuer or erasures. No lock is waited for within a transaction of the store.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from ledger_node.randomness import random_bytes

PROCESS_ID_BYTES: Final = 16


class SingletonRole(StrEnum):
    """What one process does for all that share a store."""

    JOBS = "jobs"
    INTERVALS = "access intervals"
    NOTIFICATIONS = "notifications"
    WEBHOOKS = "webhooks"
    MESSAGES = "messages"


class _Lock:
    """A lock that exists while somebody uses it. ``depth``: how often its holder entered it."""

    __slots__ = ("depth", "lock", "users")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users = 0
        self.depth = 0


class ThreadLocks:
    """Locks by name, within a process; there are as many as are in use."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._used: dict[tuple[str, bytes], _Lock] = {}

    @contextmanager
    def hold(self, kind: str, name: bytes) -> Iterator[bool]:
        """Hold a lock. What it gives says whether the thread did not hold it already."""
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


class NamedLocks:
    """Locks and roles of one store, for a process that works with it alone: the locks are those of its threads.

    ``process_id``: the random id of this process's part in the store.
    """

    def __init__(self) -> None:
        self.process_id = random_bytes(PROCESS_ID_BYTES)
        self._threads = ThreadLocks()

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work with the store at the same time."""
        return False

    def join(self) -> None:
        """Start to work with the store.

        Raises:
            InvalidInputError: ``store_in_use``; the store takes one process, and there is one.
        """

    def leave(self) -> None:
        """Give up everything; others take it over."""

    @contextmanager
    def lock(self, kind: str, name: bytes = b"") -> Iterator[None]:
        """Wait for a lock and hold it. A thread that holds it may enter it again."""
        with self._threads.hold(kind, name):
            yield

    def acquire(self, role: SingletonRole) -> bool:  # noqa: ARG002 - nobody else is there to hold it
        """Return whether this process holds a role; it gets one that is free."""
        return True

    def release(self, role: SingletonRole) -> None:
        """Give up a role, if it is held."""

    def is_alive(self, process_id: bytes) -> bool:
        """Return whether the process of this id works with the store now."""
        return process_id == self.process_id

    def has_peers(self) -> bool:
        """Return whether other processes work with the store now."""
        return False
