"""How old the newest block is, by a clock that nobody sets.

The time since *this process* saw the head change, on the monotonic clock, decides. A block's own time is by its
sealer's clock and ours is by ours, so that with either five minutes off the difference of the two would call a chain
that goes on old, or one that stands still new. After a start the head counts as new: the first anchor of the access
log has as long as any later one.
"""

import threading
from collections.abc import Callable

from ledger_node.chain.port import Block


class HeadAge:
    """Notes heads as they are seen. ``monotonic``: seconds on a clock that only goes forward."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._block: Block | None = None
        self._changed_at = 0.0

    def observe(self, block: Block) -> None:
        """Note the head that an endpoint has just told."""
        with self._guard:
            if self._block is None or block.number > self._block.number:
                self._block, self._changed_at = block, self._monotonic()

    @property
    def block(self) -> Block | None:
        """The newest block that was seen, or None before the first one."""
        return self._block

    @property
    def age_s(self) -> float:
        """How long no newer block was seen, in seconds; 0 before the first one."""
        with self._guard:
            return 0.0 if self._block is None else self._monotonic() - self._changed_at
