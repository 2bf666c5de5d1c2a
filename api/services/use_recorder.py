"""Recording uses before anything is revealed, in groups: one transaction holds all uses that wait."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final, TypeAlias

from ledger_node import trace
from ledger_node.chain.port import Ledger, UseResult
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

_GROUP: Final = 512
_Waiting: TypeAlias = tuple[bytes, bytes, Future[UseResult], trace.Trace | None]
"""Consent, use, where its result goes, and for which trace."""


class UseRecorder:
    """Callers wait until their use is durably on the ledger; whoever waits together is sent together."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="uses", daemon=True)

    def start(self) -> None:
        """Start recording."""
        self._thread.start()

    def stop(self) -> None:
        """Record what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def record(self, consent: bytes, use: bytes, *, again: bool = False) -> UseResult:
        """Record one use and return what the ledger says of it. ``again``: an earlier try may have recorded it.

        Raises:
            ChainError: the ledger does not answer; the use may or may not be recorded, reveal nothing.
        """
        if again:
            # first what is on its way, then what is there: the other way round it could land in between
            if self._ledger.is_on_way(use):
                raise ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")
            known = self._ledger.recorded_use(consent, use)
            if known is not None:
                return known
        future: Future[UseResult] = Future()
        self._waiting.put((consent, use, future, trace.current()))
        return future.result()

    def _work(self) -> None:
        running = True
        while running:
            item = self._waiting.get()
            group: list[_Waiting] = []
            while item is not None and len(group) < _GROUP:
                group.append(item)
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
            else:
                if item is None:
                    running = False
                else:
                    self._waiting.put(item)
            if group:
                self._send(group)

    def _send(self, group: Sequence[_Waiting]) -> None:
        try:
            # one transaction holds them all: it goes under the trace of the first
            with trace.working_for(group[0][3]):
                results = self._ledger.record_uses([(consent, use) for consent, use, *_ in group])
        except Exception as error:  # noqa: BLE001 - every waiting caller gets the error, whatever it is
            for _, _, future, _ in group:
                future.set_exception(error)
            return
        for (_, _, future, _), result in zip(group, results, strict=True):
            future.set_result(result)
