"""Looks at ledger and store at a fixed beat, so that reading metrics asks neither, however often and by whom."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from api.storage.database import Store
from api.storage.table import chain_cursor
from api.telemetry.backlog import Backlog, read_backlog
from api.telemetry.head import HeadAge
from api.telemetry.nonce import GivenOut, gaps, given_out
from api.work.fault import fault_of
from ledger_node.chain.rpc import Rpc, block_of, count_of
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.json_object import to_hex

SAMPLE_INTERVAL_S: Final = 5.0
_log = logging.getLogger(__name__)


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
        self._store_at: float | None = None
        self._ledger_at: float | None = None
        self._store_is_up = True
        self._backlog: Backlog | None = None
        self._gaps: Mapping[str, int] = {}
        self._quarantines = 0

    @property
    def last(self) -> Sample:
        """What was last seen."""
        return Sample(self._ledger_at, self._gaps, self._store_at, self._store_is_up, self._backlog, self._quarantines)

    def sample(self) -> None:
        """Look at the store, then at the ledger; what does not answer keeps its last values."""
        known = self._look_at_store()
        if known is not None:
            self._look_at_ledger(known)

    def _look_at_store(self) -> Mapping[bytes, GivenOut] | None:
        try:
            with self._store.connect() as connection:
                backlog, known = read_backlog(connection, self._members), given_out(connection)
            self._quarantines = self._count_quarantines()
            if self._store.refuses_writes:
                self._try_writing()
        except (SQLAlchemyError, StoreError) as error:
            if self._store_is_up:
                _log.error("the store does not answer: %s", fault_of(error))
            self._store_is_up = False
            return None
        self._store_at, self._store_is_up, self._backlog = self._monotonic(), True, backlog
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
        self._gaps, self._ledger_at = lost, self._monotonic()
