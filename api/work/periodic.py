"""Work that a thread does at a beat, whatever comes of it."""

import logging
import threading
from collections.abc import Callable

from api.work.fault import fault_of

_log = logging.getLogger(__name__)


class Periodic:
    """Does ``work`` every ``interval_s`` seconds, counted from the end of the last time, until it is stopped.

    ``stopping``: set when it is, so that long work may look.
    """

    def __init__(
        self, work: Callable[[], None], *, interval_s: float, name: str, stopping: threading.Event | None = None
    ) -> None:
        self._work = work
        self._interval_s = interval_s
        self._stopping = stopping or threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the beat."""
        self._thread.start()

    def stop(self) -> None:
        """Let it finish what it is at, and stop."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - the beat must go on; the words of a fault may hold values
                _log.error("fault: %s", fault_of(error))
