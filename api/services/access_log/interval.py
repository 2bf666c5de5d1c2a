"""Intervals of the access log, anchored at a fixed beat, with and without questions in between.

Durable steps; a kill between any two loses nothing:
1. Every row that waits gets its place.
2. One transaction closes the interval: its signed checkpoint says with which row it ends.
3. These rows are assigned to the interval.
4. The checkpoint is anchored.
5. The store holds the anchor.

Steps that write many rows do so in portions, so that answers are logged in between. The next interval is closed when
the last one is anchored: a ledger that is down makes a longer interval and never a gap. An interval that was overtaken,
or is past its deadline, is signed again (``anchoring``): ``number`` is its place in the store, ``batch_number`` its
place on the ledger.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, insert, select, update

from api.services.issuing.anchoring import anchor
from api.services.issuing.status_change import deadline_from
from api.storage import table
from api.storage.database import Store, chunks
from api.vault.department import Operator
from api.work.worker_pool import WorkerPool
from ledger_node.chain.port import BatchOrder, Ledger, StreamHead
from ledger_node.domain.access import CHECKPOINT_SIZE, MAX_ROWS, NO_HEAD, Checkpoint, LogTree, Tally
from ledger_node.domain.batch import ACCESS_LOG, NO_ROOT, Batch
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.status import changes_digest
from ledger_node.randomness import random_bytes, random_places

_WORTH_A_PROCESS: Final = 1000
"""Rows whose tree would keep this process from answering for long."""
_ROW: Final = table.access_row.c
_INTERVAL: Final = table.access_interval.c
_WAITS: Final = _ROW.interval.is_(None)
_PLACE: Final = (
    update(table.access_row).where(_ROW.number == bindparam("row")).values(slot=bindparam("at"), path=bindparam("way"))
)
_PLACED_AT_ONCE: Final = 200
_ASSIGNED_AT_ONCE: Final = 500
_BETWEEN_S: Final = 0.005
"""Pause between portions: whoever has an answer to log gets the store."""
_ASSIGN: Final = (
    update(table.access_row)
    .where(
        _ROW.number.in_(
            select(_ROW.number)
            .where(_WAITS, _ROW.number <= bindparam("end"))
            .order_by(_ROW.number)
            .limit(bindparam("most", type_=Integer))
        )
    )
    .values(interval=bindparam("closed"))
)


class AccessIntervals:
    """Closes an interval in every ``beat`` and anchors it."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        operator: Operator,
        now: Callable[[], int],
        workers: WorkerPool,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._operator = operator
        self._now = now
        self._workers = workers
        self._head: StreamHead | None = None

    def beat(self) -> None:
        """Close the interval and anchor it.

        Raises:
            ChainError: the ledger does not answer; nothing is lost, the next beat goes on.
        """
        with self._store.locks.lock("access intervals"):
            self._assign_rest()
            anchor_interval(self._store, self._ledger, self._operator, self._now)
            if self._head is None:
                # a store that was restored may lack intervals that the ledger holds; what comes stands behind them
                self._head = self._ledger.stream_head(self._operator.member, ACCESS_LOG)
            self._close(self._head)
            anchor_interval(self._store, self._ledger, self._operator, self._now)

    def waiting(self) -> list[bytes]:
        """Return the operator's member if an interval is signed and not known to be anchored."""
        return self._store.scalars(select(_INTERVAL.member).where(_INTERVAL.start.is_(None)).distinct())

    def anchor_pending(self) -> None:
        """Anchor an interval that an earlier run signed and did not see anchored.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.locks.lock("access intervals"):
            self._assign_rest()
            anchor_interval(self._store, self._ledger, self._operator, self._now)

    def _close(self, head: StreamHead) -> None:
        """Close the interval: give every row that waits its place, and sign the checkpoint.

        It begins where the last one ended that the store has, so that every row that waits lies within.
        """
        with self._store.connect() as connection:
            last = connection.execute(select(table.access_interval).order_by(_INTERVAL.number.desc()).limit(1)).first()
            waiting = select(_ROW.number, _ROW.leaf, _ROW.head, _ROW.time).where(_WAITS)
            rows = connection.execute(waiting.order_by(_ROW.number).limit(MAX_ROWS)).all()
        filling, leaves = random_bytes(HASH_BYTES), [row.leaf for row in rows]
        if len(leaves) < _WORTH_A_PROCESS:
            root, places = plant(leaves, filling)
        else:
            root, places = self._workers.do(plant, leaves, filling)
        for some in chunks(zip(rows, places, strict=True), _PLACED_AT_ONCE):
            portion = [{"row": row.number, "at": slot, "way": way} for row, (slot, way) in some]
            self._store.write(_PLACE, portion)
            time.sleep(_BETWEEN_S)
        number, since, before = (1, 0, NO_HEAD) if last is None else (last.number + 1, last.until, last.after)
        batch_number, previous_root = (1, NO_ROOT) if last is None else (last.batch_number + 1, last.batch_root)
        if head.number >= batch_number:
            batch_number, previous_root = head.number + 1, head.last_root
        tally = Tally(len(rows), before, rows[-1].head if rows else before, random_bytes(HASH_BYTES))
        block = self._ledger.head()
        deadline = deadline_from(block.time, self._now())
        with self._store.begin() as connection:
            until = self._until(connection, since, rows[-1] if rows else None)
            checkpoint = Checkpoint(batch_number, since, until, root, tally.digest)
            batch = batch_of(self._operator.member, batch_number, checkpoint.batch_root, previous_root, deadline)
            interval = {
                "number": number,
                "batch_number": batch_number,
                "member": self._operator.member,
                "since": since,
                "until": until,
                "root": root,
                "filling": filling,
                "row_count": tally.count,
                "before": tally.before,
                "after": tally.after,
                "tally_salt": tally.salt,
                "batch_root": batch.root,
                "previous_root": previous_root,
                "deadline": deadline,
                "signed_since": block.number,
                "signature": self._operator.signer(KeyPurpose.LOG).sign(batch.digest(self._ledger.anchor_domain)),
            }
            connection.execute(insert(table.access_interval).values(interval))
        if rows:
            self._assign(number, rows[-1].number)

    def _assign_rest(self) -> None:
        """Assign the rows of the last interval that an earlier run closed and did not assign."""
        first = select(_ROW.slot).where(_WAITS).order_by(_ROW.number).limit(1)
        with self._store.connect() as connection:
            # places are given from the oldest row on
            if connection.execute(first).scalar_one_or_none() is None:
                return
            last = connection.execute(
                select(_INTERVAL.number, _INTERVAL.after).order_by(_INTERVAL.number.desc()).limit(1)
            ).first()
            if last is None:
                return
            end = connection.execute(select(_ROW.number).where(_WAITS, _ROW.head == last.after)).scalar_one_or_none()
        if end is not None:
            self._assign(last.number, end)

    def _assign(self, number: int, end: int) -> None:
        """Assign the rows that wait, up to the row ``end``, to an interval."""
        portion = {"end": end, "closed": number, "most": _ASSIGNED_AT_ONCE}
        assigned = _ASSIGNED_AT_ONCE
        while assigned == _ASSIGNED_AT_ONCE:
            assigned = self._store.write(_ASSIGN, portion)
            time.sleep(_BETWEEN_S)

    def _until(self, connection: Connection, since: int, last: Any) -> int:  # noqa: ANN401 - a row that gets its place
        """Return when the interval ends: not behind the first row that stays, for it belongs to the next one."""
        stays = select(_ROW.time).where(_WAITS, _ROW.number > (0 if last is None else last.number))
        first = connection.execute(stays.order_by(_ROW.number).limit(1)).scalar_one_or_none()
        earliest = since if last is None else last.time
        return max(self._now(), earliest) if first is None else first


def plant(leaves: Sequence[bytes], filling: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Return the root of a tree in which every leaf has a place at random, and their places and siblings."""
    slots = random_places(len(leaves), MAX_ROWS)
    tree = LogTree(dict(zip(slots, leaves, strict=True)), filling)
    return tree.root, [(slot, b"".join(tree.path(slot))) for slot in slots]


def anchor_interval(store: Store, ledger: Ledger, operator: Operator, now: Callable[[], int]) -> None:
    """Anchor the interval that is signed and not known to be anchored, if there is one.

    Raises:
        ChainError: the ledger does not answer or refuses; nothing is lost.
    """
    row: Any = store.row(select(table.access_interval).where(_INTERVAL.start.is_(None)))
    if row is None:
        return

    def save(**values: Any) -> None:  # noqa: ANN401 - values of columns
        store.write(update(table.access_interval).where(_INTERVAL.number == row.number).values(values))

    key = operator.signer(KeyPurpose.LOG)

    def sign_behind(_: BatchOrder, head: StreamHead) -> BatchOrder:
        # the rows of the interval name it by its number in the store, which stays
        number, deadline = head.number + 1, deadline_from(ledger.next_time(), now())
        tally = Tally(row.row_count, row.before, row.after, row.tally_salt)
        root = Checkpoint(number, row.since, row.until, row.root, tally.digest).batch_root
        batch = batch_of(row.member, number, root, head.last_root, deadline)
        signature = key.sign(batch.digest(ledger.anchor_domain))
        place = {"batch_number": number, "batch_root": root, "previous_root": head.last_root}
        save(**place, deadline=deadline, signature=signature)
        return BatchOrder(batch, signature, (), (), row.signed_since)

    batch = batch_of(row.member, row.batch_number, row.batch_root, row.previous_root, row.deadline)
    order = BatchOrder(batch, row.signature, (), (), row.signed_since)
    anchored, mined = anchor(ledger, order, key, sign_behind)
    save(start=anchored.start, anchored_at=anchored.anchored_at, key=anchored.key, block=mined.block.number)


def batch_of(member: bytes, number: int, root: bytes, previous_root: bytes, deadline: int) -> Batch:
    """Return the batch of one leaf that an interval is anchored as."""
    return Batch(member, ACCESS_LOG, number, root, CHECKPOINT_SIZE, previous_root, changes_digest((), ()), deadline)
