"""Transactions that wait: those of the block being made, and those whose nonce leaves a gap."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from ledger_node.node.embedded.error import refused
from ledger_node.node.embedded.transaction import Transaction

MAX_POOLED: Final = 20_000
MAX_POOLED_BY_SENDER: Final = 4_096

SubmissionResult = Future[bytes]
"""Answers with the transaction hash once the transaction is stored (or, behind a gap, pooled)."""


@dataclass(slots=True, eq=False)
class PooledTransaction:
    """A transaction and those who wait for it."""

    transaction: Transaction
    results: list[SubmissionResult] = field(default_factory=list)

    def resolve(self) -> None:
        """Tell everybody who waits that the transaction is taken."""
        for result in self.results:
            result.set_result(self.transaction.hash)
        self.results.clear()

    def reject(self, error: Exception) -> None:
        """Tell everybody who waits that it is not."""
        for result in self.results:
            result.set_exception(error)
        self.results.clear()


class TransactionPool:
    """Pooled transactions by sender and nonce. The writer changes it; any thread may ask."""

    def __init__(self) -> None:
        self._by_sender: dict[bytes, dict[int, PooledTransaction]] = {}
        self._by_hash: dict[bytes, PooledTransaction] = {}
        self._guard = threading.Lock()
        self.ready: deque[bytes] = deque()

    def __iter__(self) -> Iterator[PooledTransaction]:
        with self._guard:
            return iter(list(self._by_hash.values()))

    def find(self, tx_hash: bytes) -> PooledTransaction | None:
        """Return a pooled transaction by its hash."""
        return self._by_hash.get(tx_hash)

    def get(self, sender: bytes, nonce: int) -> PooledTransaction | None:
        """Return the pooled transaction of a sender with a nonce."""
        return self._by_sender.get(sender, {}).get(nonce)

    def next_nonce(self, sender: bytes, nonce: int) -> int:
        """Return the first nonce from ``nonce`` on that no pooled transaction of the sender has."""
        with self._guard:
            waiting = self._by_sender.get(sender, {})
            while nonce in waiting:
                nonce += 1
        return nonce

    def add(self, transaction: Transaction) -> PooledTransaction:
        """Take a transaction.

        Raises:
            RpcError: its nonce is taken by another one, or the pool is full.
        """
        with self._guard:
            waiting = self._by_sender.setdefault(transaction.sender, {})
            if transaction.evm.nonce in waiting:
                raise refused("replacement transaction underpriced")
            if len(self._by_hash) >= MAX_POOLED or len(waiting) >= MAX_POOLED_BY_SENDER:
                raise refused("txpool is full")
            pooled = PooledTransaction(transaction)
            waiting[transaction.evm.nonce] = pooled
            self._by_hash[transaction.hash] = pooled
        return pooled

    def remove(self, pooled: PooledTransaction) -> None:
        """Forget a transaction that was mined or refused."""
        transaction = pooled.transaction
        with self._guard:
            self._by_hash.pop(transaction.hash, None)
            waiting = self._by_sender.get(transaction.sender, {})
            waiting.pop(transaction.evm.nonce, None)
            if not waiting:
                self._by_sender.pop(transaction.sender, None)
