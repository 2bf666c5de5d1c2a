"""Looks at ledger and store at a fixed beat, so that reading metrics asks neither, however often and by whom.

Nonces count as lost that were given out, are not mined, and that nobody carries: transactions behind one can never be
mined.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from api.storage import table
from api.storage.database import Store
from api.storage.table import chain_cursor
from api.telemetry.backlog import Backlog, read_backlog
from api.work.fault import fault_of
from ledger_node.chain.port import Block
from ledger_node.chain.rpc import Rpc, block_of, count_of
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.json_object import to_hex

SAMPLE_INTERVAL_S: Final = 5.0
_NEWEST: Final = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GivenOut:
    """The next nonce of an account, and those of its entries in the outbox from ``first`` on."""

    next_nonce: int
    first: int
    kept: frozenset[int]


def given_out(connection: Connection) -> Mapping[bytes, GivenOut]:
    """Return what the store says of every account: to be read *before* the chain's counts.

    Whatever leaves the outbox meanwhile was mined, and counts for the chain; the other way round it could seem lost.
    """
    account, row = table.outbox_account.c, table.outbox.c
    found = {}
    for one in connection.execute(select(account.account, account.next_nonce)).all():
        newest = select(row.nonce).where(row.account == one.account).order_by(row.nonce.desc()).limit(_NEWEST)
        kept = frozenset(connection.execute(newest).scalars())
        first = min(kept) if len(kept) == _NEWEST else 0
        found[one.account] = GivenOut(one.next_nonce, first, kept)
    return found


def gaps(known: GivenOut, count: int) -> int:
    """Return how many nonces are lost. ``count``: the transactions of the account that are mined."""
    lowest = max(count, known.first)
    return max(0, known.next_nonce - lowest - sum(nonce >= lowest for nonce in known.kept))


class HeadAge:
    """Notes heads as they are seen, and how old the newest one is, by a clock that nobody sets.

    The time since *this process* saw the head change, on the monotonic clock, decides. A block's own time is by its
    sealer's clock and ours is by ours, so that with either five minutes off the difference of the two would call a
    chain that goes on old, or one that stands still new. After a start the head counts as new: the first anchor of the
    access log has as long as any later one.

    ``monotonic``: seconds on a clock that only goes forward. ``block``: the newest block that was seen, or None before
    the first one.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._changed_at = 0.0
        self.block: Block | None = None

    def observe(self, block: Block) -> None:
        """Note the head that an endpoint has just told."""
        with self._guard:
            if self.block is None or block.number > self.block.number:
                self.block, self._changed_at = block, self._monotonic()

    @property
    def age_s(self) -> float:
        """How long no newer block was seen, in seconds; 0 before the first one."""
        with self._guard:
            return 0.0 if self.block is None else self._monotonic() - self._changed_at


@dataclass(frozen=True, slots=True)
class Sample:
    """What was last seen, and when by the monotonic clock; None: never."""

    ledger_at: float | None = None
    nonce_gaps: Mapping[str, int] = field(default_factory=dict)
    store_at: float | None = None
    store_is_up: bool = True
    backlog: Backlog | None = None
    quarantines: int = 0


class Sampler:
    """Takes samples, which are wanted every ``SAMPLE_INTERVAL_S`` seconds.

    ``accounts``: role -> the addresses that send for it. ``quarantines``: counts those that wait for the operator.
    ``last``: what was last seen.
    """

    def __init__(
        self,
        store: Store,
        rpc: Rpc,
        head: HeadAge,
        *,
        members: Sequence[bytes],
        accounts: Mapping[str, Sequence[bytes]],
        quarantines: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._rpc = rpc
        self._head = head
        self._members = members
        self._accounts = accounts
        self._count_quarantines = quarantines
        self._monotonic = monotonic
        self.last = Sample()

    def sample(self) -> None:
        """Look at the store, then at the ledger; what does not answer keeps its last values."""
        known = self._look_at_store()
        if known is not None:
            self._look_at_ledger(known)

    def _look_at_store(self) -> Mapping[bytes, GivenOut] | None:
        try:
            with self._store.connect() as connection:
                backlog, known = read_backlog(connection, self._members), given_out(connection)
            quarantines = self._count_quarantines()
            if self._store.refuses_writes:
                self._try_writing()
        except (SQLAlchemyError, StoreError) as error:
            if self.last.store_is_up:
                _log.error("the store does not answer: %s", fault_of(error))
            self.last = replace(self.last, store_is_up=False)
            return None
        self.last = replace(
            self.last, store_at=self._monotonic(), store_is_up=True, backlog=backlog, quarantines=quarantines
        )
        return known

    def _try_writing(self) -> None:
        """Write a row again as it is, to find out whether the store takes writes again."""
        with self._store.begin() as connection:
            connection.execute(update(chain_cursor).values(next_block=chain_cursor.c.next_block))

    def _look_at_ledger(self, known: Mapping[bytes, GivenOut]) -> None:
        accounts = [(role, account) for role, of_role in self._accounts.items() for account in of_role]
        counts = [("eth_getTransactionCount", [to_hex(account), "latest"]) for _, account in accounts]
        try:
            head, *answers = self._rpc.batch([("eth_getBlockByNumber", ["latest", False]), *counts])
            self._head.observe(block_of(head))
            lost = dict.fromkeys(self._accounts, 0)
            for (role, account), answer in zip(accounts, answers, strict=True):
                if account in known:
                    lost[role] += gaps(known[account], count_of(answer))
        except ChainError:
            return  # the endpoints' faults are logged and counted where they are seen
        self.last = replace(self.last, nonce_gaps=lost, ledger_at=self._monotonic())
