"""One JSON-RPC method: what runs, and how many parameters it takes."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Method(NamedTuple):
    """A handler with the number of parameters it needs and takes."""

    run: Callable[..., Any]
    least: int = 0
    most: int = 0
