"""Documents of several versions side by side: a table says who reads which, and none is dropped from it."""

from collections.abc import Callable, Mapping
from typing import Any

from ledger_node.domain.canonical import JSON


def read_by_version(readers: Mapping[Any, Callable[[JSON], Any]], value: JSON, member: str) -> Any:  # noqa: ANN401 - as its readers
    """Read ``value`` with the reader of the version that its ``member`` names.

    What names none of them goes to the last one in the table, the newest, which says what is wrong with it.
    """
    said = value.get(member) if isinstance(value, Mapping) else None
    known = readers.get(said) if isinstance(said, str | int) else None
    return (known or list(readers.values())[-1])(value)
