"""The follower: turns the ledger's events into notifications, in the order of the chain.

The events of some blocks and the cursor behind them are one store transaction. So a process that dies loses no
notification and sends none twice. Acts that others relayed, or that a secret did without a relayer, are told as well.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from api.services.notification.notice import expired_notices, notices_of, of_status, write_notices
from api.storage.database import Store
from api.storage.locks import SingletonRole
from api.storage.table import chain_cursor, consent_deadline, reliance
from api.work.fault import fault_of
from ledger_node import clock
from ledger_node.chain.port import Ledger
from ledger_node.domain.error import CredenceError
from ledger_node.domain.event import LedgerEvent
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import WORD_BITS, Plane

_BLOCKS_AT_ONCE: Final = 256
_LATE_AT_ONCE: Final = 256
_CURSOR: Final = 1
_RELIED: Final = reliance.c
_LOOKED_UP: Final = (
    update(reliance).where(_RELIED.use == bindparam("spent"), _RELIED.attestation == bindparam("shown")).values(late=0)
)
_log = logging.getLogger(__name__)


class ChainFollower:
    """Follows the chain every ``interval_s`` seconds.

    ``first``: done before it goes on. ``watch``: sees events before the cursor passes them, perhaps more than once.
    Both may raise CredenceError.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        *,
        interval_s: float,
        first: Callable[[], object] = lambda: None,
        monotonic: Callable[[], float] = clock.monotonic,
        watch: Callable[[Sequence[LedgerEvent]], object] = lambda _: None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._interval_s = interval_s
        self._first = first
        self._monotonic = monotonic
        self._watch = watch
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="notifications", daemon=True)
        self._failing_since: float | None = None
        self._failure: Reason | None = None

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what happens meanwhile is told after the next start."""
        self._stopping.set()
        self._thread.join()

    @property
    def failure(self) -> tuple[Reason, float] | None:
        """Why notifications wait, and for how many seconds they do; None if the last try told everything."""
        since, reason = self._failing_since, self._failure
        return None if since is None or reason is None else (reason, self._monotonic() - since)

    def catch_up(self) -> None:
        """Tell everything up to the newest block.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.turns.turn("notifications"):
            self._first()
            head = self._ledger.head()
            with self._store.connect() as connection:
                first = next_block(connection)
            while first <= head.number:
                last = min(first + _BLOCKS_AT_ONCE - 1, head.number)
                events = self._ledger.events_between(first, last)
                self._watch(events)
                with self._store.begin() as connection:
                    if next_block(connection) != first:
                        return  # another process has told them
                    write_notices(connection, notices_of(connection, events))
                    _move(connection, last + 1)
                first = last + 1
            self._tell_ended(head.time)
            self._look_up_late()

    def _work(self) -> None:
        while not self._stopping.wait(self._interval_s):
            try:
                if self._store.turns.holds(SingletonRole.NOTIFICATIONS):
                    self.catch_up()
            except CredenceError as error:
                if self._failure is not error.reason:
                    _log.warning("notifications wait: %s", error.reason)
                self._failed(error.reason)
            except Exception as error:  # noqa: BLE001 - the follower must go on; the words of a fault may hold values
                _log.error("fault: %s", fault_of(error))
                self._failed(Reason.INTERNAL)
            else:
                self._failing_since, self._failure = None, None

    def _failed(self, reason: Reason) -> None:
        """Remember since when it fails."""
        self._failure = reason
        if self._failing_since is None:
            self._failing_since = self._monotonic()

    def _tell_ended(self, now: int) -> None:
        due = select(consent_deadline.c.consent).where(consent_deadline.c.expires_at <= now).limit(1)
        with self._store.connect() as connection:
            if connection.execute(due).first() is None:
                return
        with self._store.begin() as connection:
            write_notices(connection, expired_notices(connection, now))

    def _look_up_late(self) -> None:
        """Look up the status of what answers rely on whose blocks the cursor had passed when they were written."""
        late = select(reliance).where(_RELIED.late == 1).limit(_LATE_AT_ONCE)
        with self._store.connect() as connection:
            rows = connection.execute(late).all()
        if not rows:
            return
        places = frozenset((row.member, row.word * WORD_BITS + row.bit) for row in rows)
        facts = self._ledger.facts(FactQuery(positions=places))
        notices = [
            of_status(row, plane, facts.block_time)
            for row in rows
            for plane in Plane
            if facts.status[row.member, plane, row.word] >> row.bit & 1
        ]
        with self._store.begin() as connection:
            write_notices(connection, notices)
            connection.execute(_LOOKED_UP, [{"spent": row.use, "shown": row.attestation} for row in rows])


def next_block(connection: Connection) -> int:
    """Return the first block whose events were not told yet."""
    return connection.execute(select(chain_cursor.c.next_block)).scalar_one_or_none() or 0


def _move(connection: Connection, next_block: int) -> None:
    moved = connection.execute(update(chain_cursor).where(chain_cursor.c.id == _CURSOR).values(next_block=next_block))
    if moved.rowcount == 0:
        connection.execute(insert(chain_cursor).values(id=_CURSOR, next_block=next_block))
