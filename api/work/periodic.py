"""Work that a thread of its own does again and again, whatever comes of it."""

import logging
import threading
from collections.abc import Callable

from api.work.fault import fault_of
from ledger_node import clock
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

_log = logging.getLogger(__name__)


class Periodic:
    """Does every ``work`` in rounds, ``interval_s`` seconds apart, until it is stopped.

    What fails holds up neither the rest of its round nor the next round.

    ``starts_at_once``: the first round comes with the start, not an interval after it.
    ``is_steady``: the interval counts from when a round was due, not from its end. So long rounds do not move the next.
    ``may_work``: asked before each work. Of processes that share a store, one does it.
    """

    def __init__(
        self,
        *work: Callable[[], object],
        interval_s: float,
        name: str,
        starts_at_once: bool = False,
        is_steady: bool = False,
        may_work: Callable[[], bool] = lambda: True,
    ) -> None:
        self._work = work
        self._interval_s = interval_s
        self._name = name
        self._starts_at_once = starts_at_once
        self._is_steady = is_steady
        self._may_work = may_work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._failure: tuple[Reason, float] | None = None
        """Why the last round failed, and since when all rounds did."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let it finish the round in hand, and stop."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop. Long work looks here, and ends early."""
        return self._stopping.is_set()

    @property
    def failure(self) -> tuple[Reason, float] | None:
        """Why the last round failed, and for how many seconds rounds have; None if it did not."""
        failure = self._failure
        return None if failure is None else (failure[0], clock.monotonic() - failure[1])

    def _run(self) -> None:
        due = clock.monotonic() + (0 if self._starts_at_once else self._interval_s)
        while not self._stopping.wait(due - clock.monotonic()):
            self._do_round()
            now = clock.monotonic()
            due = max(now, (due if self._is_steady else now) + self._interval_s)

    def _do_round(self) -> None:
        reasons = [reason for work in self._work if (reason := self._try(work)) is not None]
        if not reasons:
            self._failure = None
        else:
            self._failure = (reasons[-1], clock.monotonic() if self._failure is None else self._failure[1])

    def _try(self, work: Callable[[], object]) -> Reason | None:
        """Do a work, and return why it could not be done."""
        try:
            if self._may_work():
                work()
        except CredenceError as error:
            if self._failure is None or self._failure[0] is not error.reason:
                _log.warning("%s must wait: %s", self._name, error.reason)
            return error.reason
        except Exception as error:  # noqa: BLE001 - the rounds must go on; the words of a fault may hold values
            _log.error("fault in %s: %s", self._name, fault_of(error))
            return Reason.INTERNAL
        return None
