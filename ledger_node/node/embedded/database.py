"""Trie nodes and code by their hash: those of the chain file, with a cache, and what a block in the making adds."""

from collections.abc import Callable
from typing import Final

_GENERATION: Final = 60_000


class StoredNodes:
    """What the chain file holds, the used part of it in memory; the least used half goes when that is full.

    Two generations instead of an ordered map: no lock is needed between the reading threads.
    """

    def __init__(self, fetch: Callable[[bytes], bytes | None], generation: int = _GENERATION) -> None:
        self._fetch = fetch
        self._size = generation
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key) or self._fetch(key)
            if value is None:
                raise KeyError(key)
            self.put(key, value)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value in memory."""
        if len(self._young) >= self._size:
            self._old = self._young
            self._young = {}
        self._young[key] = value


class NodeDB(dict[bytes, bytes]):
    """What a state reads from and writes to: it holds what was written, and gives what is stored."""

    def __init__(self, stored: StoredNodes) -> None:
        super().__init__()
        self._stored = stored

    def __missing__(self, key: bytes) -> bytes:
        return self._stored[key]
