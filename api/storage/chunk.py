"""Chunks of what is too much for one statement, one answer of the database, or one transaction."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

CHUNK: Final = 500
"""Rows or ids that go to the database together, or come from it. SQLite takes 32,766 values in a statement."""
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield ``items`` in their order, in lists of ``size``; the last list may be shorter, and none is empty."""
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk
