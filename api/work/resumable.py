"""Work that waits for the ledger: every piece of it is tried on its own, again and again, until nothing waits.

A piece is stored before it is sent, so whatever stops it (a kill, a node that is down, a full disk) leaves it there.
One that fails holds up no other, of its kind or of another one; it is tried again after a pause that grows.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.work.fault import fault_of
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

GRACE_S: Final = 5.0
"""What is new among what waits is probably in the hands of whoever just stored it."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resumable:
    """A kind of work. ``waiting``: names what waits, the oldest first; ``resume``: finishes one of these.

    ``resume`` raises a CredenceError while it cannot. It may be called for what somebody else has finished meanwhile.
    """

    kind: str
    waiting: Callable[[], Sequence[bytes]]
    resume: Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of a kind: how many, how long the oldest does, and why the last one that was tried could not be."""

    kind: str
    count: int
    oldest_s: float
    reason: Reason | None


@dataclass(slots=True)
class _Piece:
    since: float
    due: float
    tries: int = 0
    reason: Reason | None = None


@dataclass(slots=True)
class _Kind:
    resumable: Resumable
    pieces: dict[bytes, _Piece] = field(default_factory=dict)


class PendingWork:
    """All that waits. ``look``: asks the ledger for something small; ``monotonic``: seconds that only go forward."""

    def __init__(
        self,
        kinds: Sequence[Resumable],
        *,
        look: Callable[[], object],
        monotonic: Callable[[], float],
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self._kinds = [_Kind(resumable) for resumable in kinds]
        self._look = look
        self._monotonic = monotonic
        self._stops = stops
        self._trying = threading.Lock()
        self._guard = threading.Lock()

    def resume_all(self) -> None:
        """Try everything that waits now, as at a start."""
        self._round(grace_s=0)

    def resume_due(self) -> None:
        """Try what has waited for its time, as at a beat while serving."""
        self._round(grace_s=GRACE_S)

    @property
    def waiting(self) -> list[Waiting]:
        """What waited when it was last looked at, by kind, in the order of trying; kinds of which nothing waits too."""
        now = self._monotonic()
        with self._guard:
            return [_waiting(kind, now) for kind in self._kinds]

    def _round(self, *, grace_s: float) -> None:
        with self._trying:
            is_silent = False
            for kind in self._kinds:
                for name, piece in self._due(kind, grace_s):
                    if self._stops():
                        return
                    if not is_silent:
                        self._try(kind, name, piece)
                        # each of many would wait for its own time to run out
                        is_silent = piece.reason is Reason.LEDGER_UNAVAILABLE and not self._answers()

    def _due(self, kind: _Kind, grace_s: float) -> Iterator[tuple[bytes, _Piece]]:
        """Look what waits of a kind, and yield what is to be tried now."""
        try:
            names = kind.resumable.waiting()
        except CredenceError as error:
            _log.warning("cannot look which %s wait: %s", kind.resumable.kind, error.reason)
            return
        except Exception as error:  # noqa: BLE001 - other kinds go on; the words of a fault may hold values
            _log.error("fault in %s: %s", kind.resumable.kind, fault_of(error))
            return
        now = self._monotonic()
        with self._guard:
            known = kind.pieces
            kind.pieces = {name: known.get(name) or _Piece(now, now + grace_s) for name in names}
            due = [(name, piece) for name, piece in kind.pieces.items() if piece.due <= now or not grace_s]
        yield from due

    def _try(self, kind: _Kind, name: bytes, piece: _Piece) -> None:
        reason = Reason.INTERNAL
        try:
            kind.resumable.resume(name)
        except CredenceError as error:
            reason = error.reason
            if piece.reason is not reason:
                _log.warning("%s wait: %s", kind.resumable.kind, reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            _log.error("fault in %s: %s", kind.resumable.kind, fault_of(error))
        else:
            with self._guard:
                kind.pieces.pop(name, None)
            return
        with self._guard:
            piece.reason = reason
            piece.due = self._monotonic() + min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**piece.tries)
            piece.tries += 1

    def _answers(self) -> bool:
        try:
            self._look()
        except CredenceError:
            return False
        return True


def _waiting(kind: _Kind, now: float) -> Waiting:
    pieces = list(kind.pieces.values())
    failed = [piece for piece in pieces if piece.reason is not None]
    last = max(failed, key=lambda piece: piece.due, default=None)
    return Waiting(
        kind.resumable.kind,
        len(pieces),
        max((now - piece.since for piece in pieces), default=0.0),
        None if last is None else last.reason,
    )


class Once:
    """Work that is done once a life of the process, under the name b""; ``done`` from then on."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.done = False

    def waiting(self) -> Sequence[bytes]:
        """Return its name until it is done."""
        return () if self.done else (b"",)

    def resume(self, _: bytes) -> None:
        """Do it.

        Raises:
            CredenceError: it cannot be done now.
        """
        self._work()
        self.done = True
