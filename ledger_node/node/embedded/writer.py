"""The single writer: takes what waits, makes one block of it, stores it, then answers."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from ledger_node.node.embedded.block_builder import BlockBuilder, BuiltBlock
from ledger_node.node.embedded.error import INTERNAL_ERROR, RpcError, refused
from ledger_node.node.embedded.transaction import Transaction
from ledger_node.node.embedded.transaction_pool import PooledTransaction, SubmissionResult, TransactionPool

_LOG: Final = logging.getLogger(__name__)
_Batch = list[tuple[Transaction, SubmissionResult]]


def _not_executed() -> RpcError:
    """Return the answer for a transaction that the engine fails at; why stands in the log."""
    return RpcError(INTERNAL_ERROR, "the transaction could not be executed")


def _refusal_of(error: Exception, words: str) -> RpcError:
    """Return what a sender is told: a refusal as it is; why the engine failed stands in the log, after ``words``."""
    if isinstance(error, RpcError):
        return error
    _LOG.error(words, exc_info=error)
    return _not_executed()


class Ports(NamedTuple):
    """What the writer needs of its engine."""

    start_block: Callable[[], BlockBuilder]
    store: Callable[[BuiltBlock], None]
    is_mined: Callable[[bytes], bool]
    require_allowed: Callable[[bytes], None]


class Writer:
    """Group commit: all that waits while a block is being stored goes into the next one.

    A transaction that raises whatever it may is refused, and the others go on. If a block cannot be finished, each
    of its transactions gets a block of its own: the one to blame is refused. If storing a block fails the writer
    stops for good (the disk may hold either state): the process must be started again, which reads what the disk
    holds.
    """

    def __init__(self, ports: Ports) -> None:
        self.pool = TransactionPool()
        self.guard = threading.Lock()
        self.failed = False
        self.when_failed: Callable[[], None] = lambda: None
        self._ports = ports
        self._inbox: queue.SimpleQueue[tuple[Transaction, SubmissionResult] | None] = queue.SimpleQueue()
        self._closing = False
        self._admission = threading.Lock()
        self._round: list[PooledTransaction] = []
        self._thread = threading.Thread(target=self._run, name="credence-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the block in the making, refuse the rest, end the thread."""
        with self._admission:
            self._closing = True
            self._inbox.put(None)
        self._thread.join()

    def submit(self, transaction: Transaction) -> SubmissionResult:
        """Queue a checked transaction.

        Raises:
            RpcError: the node is stopping, or its writer has stopped.
        """
        result: SubmissionResult = SubmissionResult()
        with self._admission:
            if self._closing or self.failed:
                raise RpcError(INTERNAL_ERROR, "the node is stopping")
            self._inbox.put((transaction, result))
        return result

    def _run(self) -> None:
        stop = False
        while not stop and not self.failed:
            batch, stop = self._take(wait=not self.pool.ready)
            with self.guard:
                try:
                    self._make_block(batch)
                except Exception:  # noqa: BLE001 - whatever it is, nobody may wait forever
                    _LOG.exception("the writer stopped: a block could not be made or stored")
                    self._fail(batch)
        for pooled in self.pool:
            pooled.reject(RpcError(INTERNAL_ERROR, "the node is stopping"))

    def _take(self, *, wait: bool) -> tuple[_Batch, bool]:
        """Return what waits in the inbox, and whether it ends with the word to stop."""
        batch: _Batch = []
        while wait or not self._inbox.empty():
            item = self._inbox.get()
            if item is None:
                return batch, True
            batch.append(item)
            wait = False
        return batch, False

    def _fail(self, batch: _Batch) -> None:
        error = RpcError(INTERNAL_ERROR, "the block could not be stored; the node must be started again")
        with self._admission:
            self.failed = True
            late, _ = self._take(wait=False)
        for pooled in self.pool:
            pooled.reject(error)
        for _, result in (*batch, *late):
            if not result.done():
                result.set_exception(error)
        self.when_failed()

    def _make_block(self, batch: _Batch) -> None:
        builder = self._ports.start_block()
        for transaction, result in batch:
            try:
                self._admit(builder, transaction, result)
            except sqlite3.Error:  # the disk, and no fault of this transaction
                raise
            except Exception as error:  # noqa: BLE001 - one bad transaction must not stop the others
                result.set_exception(_refusal_of(error, "a transaction could not be admitted"))
        included = self._fill(builder)
        if included and not self._store_block(builder, included):
            for pooled in included:
                self._store_alone(pooled)
        if not self.pool.ready:
            for pooled in self._round:
                pooled.resolve()
            self._round = []

    def _store_block(self, builder: BlockBuilder, included: list[PooledTransaction]) -> bool:
        """Store a block and tell its senders; return False if it cannot be finished, with nothing stored."""
        try:
            block = builder.finish()
        except sqlite3.Error:
            raise
        except Exception:  # noqa: BLE001 - nothing is on the disk, and the senders are told one by one
            _LOG.exception("a block of %d transactions could not be finished", len(included))
            return False
        self._ports.store(block)
        for pooled in included:
            self.pool.remove(pooled)
            pooled.resolve()
        return True

    def _store_alone(self, pooled: PooledTransaction) -> None:
        """Give a transaction of a block that could not be finished a block of its own, or refuse it.

        Whatever follows one that is refused waits in the pool, as any transaction behind a gap.
        """
        builder = self._ports.start_block()
        transaction = pooled.transaction
        if transaction.evm.nonce != builder.state.get_nonce(transaction.evm.sender):
            return
        included: list[PooledTransaction] = []
        self._apply(builder, pooled, included)
        if included and not self._store_block(builder, included):
            self._refuse(pooled, _not_executed())

    def _admit(self, builder: BlockBuilder, transaction: Transaction, result: SubmissionResult) -> None:
        pooled = self.pool.find(transaction.hash)
        if pooled is None:
            if self._ports.is_mined(transaction.hash):
                result.set_result(transaction.hash)
                return
            expected = builder.state.get_nonce(transaction.evm.sender)
            if transaction.evm.nonce < expected:
                raise refused(f"nonce too low: next nonce {expected}, tx nonce {transaction.evm.nonce}")
            pooled = self.pool.add(transaction)
        pooled.results.append(result)
        self._round.append(pooled)
        self.pool.ready.append(transaction.sender)

    def _fill(self, builder: BlockBuilder) -> list[PooledTransaction]:
        included: list[PooledTransaction] = []
        ready = self.pool.ready
        while ready:
            sender = ready[0]
            pooled = self.pool.get(sender, builder.state.get_nonce(sender))  # type: ignore[arg-type]
            if pooled is None:
                ready.popleft()
            elif not builder.fits(pooled.transaction.evm.gas):
                break
            else:
                self._apply(builder, pooled, included)
        return included

    def _apply(self, builder: BlockBuilder, pooled: PooledTransaction, included: list[PooledTransaction]) -> None:
        try:
            self._ports.require_allowed(pooled.transaction.sender)
            builder.apply(pooled.transaction)
        except Exception as error:  # noqa: BLE001 - one bad transaction must not stop the others
            self._refuse(pooled, _refusal_of(error, "a transaction could not be executed"))
        else:
            included.append(pooled)

    def _refuse(self, pooled: PooledTransaction, error: RpcError) -> None:
        self.pool.remove(pooled)
        pooled.reject(error)
