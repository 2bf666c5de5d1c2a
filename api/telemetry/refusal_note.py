"""Why a request is refused, noted for whoever observes it."""

from contextvars import ContextVar
from typing import Final

from ledger_node.domain.reason import Reason


class Observed:
    """What is noted of a request on its way."""

    __slots__ = ("reason", "status")

    def __init__(self) -> None:
        self.status: int | None = None
        self.reason: Reason | None = None


OBSERVED: Final[ContextVar[Observed | None]] = ContextVar("observed", default=None)


def note_reason(reason: Reason) -> None:
    """Note why the request that this task works for is refused."""
    observed = OBSERVED.get()
    if observed is not None:
        observed.reason = reason
