"""Changes that can be taken back: what a revert in the EVM needs."""

import itertools
from typing import Any

from eth.abc import TransientStorageAPI
from eth.typing import JournalDBCheckpoint
from eth_typing import Address
from typing_extensions import override


class Journal:
    """Dictionaries whose changes can be taken back to a checkpoint."""

    def __init__(self) -> None:
        self._notes: list[tuple[dict[Any, Any], Any, Any]] = []
        self._marks: dict[int, int] = {}
        self._count = itertools.count()

    def put(self, where: dict[Any, Any], key: object, value: object) -> None:
        """Set ``where[key]`` (never to None) so that it can be taken back."""
        self._notes.append((where, key, where.get(key)))
        where[key] = value

    def mark(self) -> JournalDBCheckpoint:
        """Return a checkpoint of now."""
        checkpoint = next(self._count)
        self._marks[checkpoint] = len(self._notes)
        return JournalDBCheckpoint(checkpoint)

    def rewind(self, checkpoint: JournalDBCheckpoint) -> None:
        """Take back all that was put since a checkpoint."""
        start = self._marks[checkpoint]
        notes = self._notes
        while len(notes) > start:
            where, key, before = notes.pop()
            if before is None:
                where.pop(key, None)
            else:
                where[key] = before

    def forget(self) -> None:
        """Make everything up to now final."""
        self._notes.clear()
        self._marks.clear()


class NodeTransientStorage(TransientStorageAPI):
    """EIP-1153 storage in the journal of the accounts, which marks and rewinds it."""

    def __init__(self, journal: Journal) -> None:
        self._values: dict[tuple[bytes, int], bytes] = {}
        self._journal = journal

    @override
    def record(self, checkpoint: JournalDBCheckpoint) -> None:
        """Do nothing: the accounts' checkpoint covers it."""

    @override
    def commit(self, snapshot: JournalDBCheckpoint) -> None:
        """Do nothing: changes are in place already."""

    @override
    def discard(self, snapshot: JournalDBCheckpoint) -> None:
        """Do nothing: the accounts' checkpoint covers it."""

    @override
    def clear(self) -> None:
        self._values.clear()

    @override
    def get_transient_storage(self, address: Address, slot: int) -> bytes:
        return self._values.get((address, slot), b"")

    @override
    def set_transient_storage(self, address: Address, slot: int, value: bytes) -> None:
        self._journal.put(self._values, (address, slot), value)
