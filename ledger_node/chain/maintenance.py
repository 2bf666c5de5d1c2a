"""What goes on whether anybody waits or not: transactions left on their way, and endpoints that failed."""

import logging
import threading
from collections.abc import Sequence
from typing import Final

from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender

_BEAT_S: Final = 1.0
_log = logging.getLogger(__name__)


class Maintenance:
    """A thread that carries on what nobody waits for, and looks whether endpoints are well again."""

    def __init__(self, rpc: Rpc, senders: Sequence[Sender]) -> None:
        self._rpc = rpc
        self._senders = senders
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)

    def start(self) -> None:
        """Start the beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is on its way then goes on after the next start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(_BEAT_S):
            for work in (self._rpc.probe, *(sender.push for sender in self._senders)):
                try:
                    work()
                except Exception as error:  # noqa: BLE001 - the others must go on; the words of a fault may hold values
                    _log.error("fault in the outbox: %s", type(error).__name__)
