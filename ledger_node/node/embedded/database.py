"""py-evm's key-value database over the chain file, with a cache of the values that never change."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from eth.db.backends.base import BaseAtomicDB
from typing_extensions import override

_GENERATION: Final = 60_000


class NodeCache:
    """Content-addressed values in memory; the least used half goes when it is full.

    Two generations instead of an ordered map: no lock is needed between the reading threads.
    """

    def __init__(self, generation: int = _GENERATION) -> None:
        self._size = generation
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a value or None."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        if len(self._young) >= self._size:
            self._old = self._young
            self._young = {}
        self._young[key] = value


class NodeDB(BaseAtomicDB):
    """What py-evm reads trie nodes and code from; writes stay in ``pending`` until the block is stored."""

    def __init__(self, cache: NodeCache, fetch: Callable[[bytes], bytes | None]) -> None:
        self._cache = cache
        self._fetch = fetch
        self.pending: dict[bytes, bytes] = {}

    @override
    def __getitem__(self, key: bytes) -> bytes:
        value = self._find(key)
        if value is None:
            raise KeyError(key)
        return value

    @override
    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.pending[key] = value

    @override
    def __delitem__(self, key: bytes) -> None:
        if self.pending.pop(key, None) is None:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        return self._find(key) is not None

    def _find(self, key: bytes) -> bytes | None:
        value = self.pending.get(key)
        if value is None:
            value = self._cache.get(key)
        if value is None:
            value = self._fetch(key)
            if value is not None:
                self._cache.put(key, value)
        return value

    @override
    @contextlib.contextmanager
    def atomic_batch(self) -> Iterator[Any]:
        """Lend itself: the SQLite transaction of the block is what makes writes atomic."""
        yield self

    def move_to_cache(self) -> None:
        """Move what a stored block wrote into the cache."""
        for key, value in self.pending.items():
            self._cache.put(key, value)
        self.pending = {}
