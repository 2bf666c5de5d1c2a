"""The outbox: transactions that are signed and not yet known to be mined, stored before they are sent.

A row is written, in one durable step with the nonce it takes, before its bytes leave the process; it goes when its
receipt was seen. So after a crash at any moment the rows are what may or may not have been mined: their bytes are
sent again as they are, and a nonce admits one transaction only.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class TransactionDraft:
    """What a transaction shall do: call ``to`` (None: create a contract) with ``data`` and at most ``gas``."""

    to: bytes | None
    data: bytes = field(repr=False)
    gas: int


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A signed transaction of ``account``. ``raw``: its bytes; ``digest``: its hash."""

    account: bytes
    nonce: int
    draft: TransactionDraft
    raw: bytes = field(repr=False)
    digest: bytes


class OutboxStore(Protocol):
    """Stores entries and the next nonce of every account. Each method is one durable step, or nothing of it happens.

    Several processes may use one store: a nonce is given out once.
    """

    def open(self, account: bytes, count: int) -> Sequence[OutboxEntry]:
        """Return the entries of an account that are for this process to carry: its own, and those that others left.

        Without any of any process, its next nonce is ``count``, as the chain says.
        """

    def pending(self, account: bytes) -> Sequence[OutboxEntry]:
        """Return the entries of an account by nonce, whichever process carries them."""

    def left_behind(self, account: bytes) -> Sequence[OutboxEntry]:
        """Adopt the entries of an account whose process is gone, and return them."""

    def add(
        self, account: bytes, sign: Callable[[int], Sequence[OutboxEntry]], done: Collection[bytes] = ()
    ) -> Sequence[OutboxEntry]:
        """Store the entries that ``sign`` makes from the next nonce on; forget those with the digests ``done``."""

    def renew(self, entry: OutboxEntry, count: int, sign: Callable[[int], OutboxEntry]) -> OutboxEntry | None:
        """Give an entry whose nonce another transaction took the next one, at least ``count``.

        None: there is no such entry any more, since another process renewed or finished it.
        """

    def release(self, entry: OutboxEntry, placeholder: OutboxEntry) -> bool:
        """Cancel an entry that was never sent. If its nonce was not the last one, store ``placeholder`` in its place.

        Returns whether ``placeholder`` is stored: transactions behind it wait for this nonce. Nothing happens to an
        entry that is gone already, since another process finished it.
        """

    def forget(self, account: bytes, done: Collection[bytes]) -> None:
        """Forget entries that are known to be mined."""


class MemoryOutbox(OutboxStore):
    """Forgets everything with its process: for founding a chain, tools and tests, which start anew after a crash."""

    def __init__(self) -> None:
        self._entries: dict[bytes, OutboxEntry] = {}
        self._next: dict[bytes, int] = {}
        self._guard = threading.Lock()

    @override
    def open(self, account: bytes, count: int) -> Sequence[OutboxEntry]:
        with self._guard:
            entries = self._of(account)
            self._next[account] = max(self._next.get(account, 0), count) if entries else count
            return entries

    @override
    def pending(self, account: bytes) -> Sequence[OutboxEntry]:
        with self._guard:
            return self._of(account)

    @override
    def left_behind(self, account: bytes) -> Sequence[OutboxEntry]:
        return self.pending(account)

    @override
    def add(
        self, account: bytes, sign: Callable[[int], Sequence[OutboxEntry]], done: Collection[bytes] = ()
    ) -> Sequence[OutboxEntry]:
        with self._guard:
            for digest in done:
                self._entries.pop(digest, None)
            return self._store(account, sign(self._next[account]))

    @override
    def renew(self, entry: OutboxEntry, count: int, sign: Callable[[int], OutboxEntry]) -> OutboxEntry | None:
        with self._guard:
            if self._entries.pop(entry.digest, None) is None:
                return None
            return self._store(entry.account, [sign(max(self._next[entry.account], count))])[0]

    @override
    def release(self, entry: OutboxEntry, placeholder: OutboxEntry) -> bool:
        with self._guard:
            if self._entries.pop(entry.digest, None) is None:
                return False
            if self._next[entry.account] == entry.nonce + 1:
                self._next[entry.account] = entry.nonce
                return False
            self._entries[placeholder.digest] = placeholder
            return True

    @override
    def forget(self, account: bytes, done: Collection[bytes]) -> None:
        with self._guard:
            for digest in done:
                self._entries.pop(digest, None)

    def _of(self, account: bytes) -> list[OutboxEntry]:
        entries = (entry for entry in self._entries.values() if entry.account == account)
        return sorted(entries, key=lambda entry: entry.nonce)

    def _store(self, account: bytes, entries: Sequence[OutboxEntry]) -> Sequence[OutboxEntry]:
        self._entries.update((entry.digest, entry) for entry in entries)
        self._next[account] = entries[-1].nonce + 1
        return entries
