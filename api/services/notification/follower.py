"""The follower: turns the ledger's events into notifications, in the order of the chain.

The events of some blocks and the cursor behind them are one store transaction. So a process that dies loses no
notification and sends none twice. Acts that others relayed, or that a secret did without a relayer, are told as well.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from api.services.notification.notice import expired_notices, notices_of, of_status, write_notices
from api.storage.database import Store
from api.storage.table import chain_cursor, consent_deadline, reliance
from ledger_node.chain.port import Ledger
from ledger_node.domain.event import LedgerEvent
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.status import WORD_BITS, Plane

_BLOCKS_AT_ONCE: Final = 256
_LATE_AT_ONCE: Final = 256
_CURSOR: Final = 1
_RELIED: Final = reliance.c
_LOOKED_UP: Final = (
    update(reliance).where(_RELIED.use == bindparam("spent"), _RELIED.attestation == bindparam("shown")).values(late=0)
)


class ChainFollower:
    """Follows the chain.

    ``first``: done before it goes on. ``watch``: sees events before the cursor passes them, perhaps more than once.
    Both may raise CredenceError.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        *,
        first: Callable[[], object] = lambda: None,
        watch: Callable[[Sequence[LedgerEvent]], object] = lambda _: None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._first = first
        self._watch = watch

    def catch_up(self) -> None:
        """Tell everything up to the newest block.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.locks.lock("notifications"):
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

    def _tell_ended(self, now: int) -> None:
        due = select(consent_deadline.c.consent).where(consent_deadline.c.expires_at <= now).limit(1)
        if self._store.row(due) is not None:
            with self._store.begin() as connection:
                write_notices(connection, expired_notices(connection, now))

    def _look_up_late(self) -> None:
        """Look up the status of what answers rely on whose blocks the cursor had passed when they were written."""
        rows = self._store.rows(select(reliance).where(_RELIED.late == 1).limit(_LATE_AT_ONCE))
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
