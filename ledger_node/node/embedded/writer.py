"""The single writer: takes what waits, makes one block of it, stores it, then answers."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from ledger_node.node.embedded.block_builder import BlockBuilder, BuiltBlock
from ledger_node.node.embedded.error import INTERNAL_ERROR, NOT_AUTHORIZED, NodeError, NodeReason, RpcError, refused
from ledger_node.node.embedded.transaction import Transaction
from ledger_node.node.embedded.transaction_pool import PooledTransaction, SubmissionResult, TransactionPool

_LOG: Final = logging.getLogger(__name__)


def unauthorized() -> RpcError:
    """Return Besu's answer for a sender outside the allowlist."""
    return RpcError(NOT_AUTHORIZED, "Sender account not authorized to send transactions")


def _not_executed() -> RpcError:
    """Return the answer for a transaction that the engine fails at; why stands in the log."""
    return RpcError(INTERNAL_ERROR, "the transaction could not be executed")


class Ports(NamedTuple):
    """What the writer needs of its engine."""

    start_block: Callable[[], BlockBuilder]
    finish: Callable[[BlockBuilder], BuiltBlock]
    store: Callable[[BuiltBlock], None]
    is_mined: Callable[[bytes], bool]
    is_allowed: Callable[[bytes], bool]


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

    def start(self) -> None:
        """Begin to make blocks."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the block in the making, refuse the rest, end the thread."""
        with self._admission:
            self._closing = True
            self._inbox.put(None)
        if self._thread.ident is not None:
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
        while True:
            wait = not self.pool.ready
            stop = self._run_round(wait=wait)
            if stop or self.failed:
                break
        for pooled in self.pool:
            pooled.reject(RpcError(INTERNAL_ERROR, "the node is stopping"))

    def _run_round(self, *, wait: bool) -> bool:
        """Carry out one round; return whether to stop."""
        stop = False
        batch: list[tuple[Transaction, SubmissionResult]] = []
        while wait or not self._inbox.empty():
            item = self._inbox.get()
            wait = False
            if item is None:
                stop = True
                break
            batch.append(item)
        with self.guard:
            try:
                self._make_block(batch)
            except Exception:  # noqa: BLE001 - whatever it is, nobody may wait forever
                _LOG.exception("the writer stopped: a block could not be made or stored")
                self._fail(batch)
        return stop

    def _fail(self, batch: list[tuple[Transaction, SubmissionResult]]) -> None:
        error = RpcError(INTERNAL_ERROR, "the block could not be stored; the node must be started again")
        with self._admission:
            self.failed = True
            while not self._inbox.empty():
                item = self._inbox.get()
                if item is not None:
                    batch.append(item)
        for pooled in self.pool:
            pooled.reject(error)
        for _, result in batch:
            if not result.done():
                result.set_exception(error)
        self.when_failed()

    def _make_block(self, batch: list[tuple[Transaction, SubmissionResult]]) -> None:
        builder = self._ports.start_block()
        for transaction, result in batch:
            try:
                self._admit(builder, transaction, result)
            except RpcError as error:
                result.set_exception(error)
            except sqlite3.Error:  # the disk, and no fault of this transaction
                raise
            except Exception:  # noqa: BLE001 - one bad transaction must not stop the others
                _LOG.exception("a transaction could not be admitted")
                result.set_exception(_not_executed())
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
            block = self._ports.finish(builder)
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
        if transaction.nonce != builder.state.get_nonce(transaction.evm.sender):
            return
        included: list[PooledTransaction] = []
        self._apply(builder, pooled, included)
        if included and not self._store_block(builder, included):
            self.pool.remove(pooled)
            pooled.reject(_not_executed())

    def _admit(self, builder: BlockBuilder, transaction: Transaction, result: SubmissionResult) -> None:
        pooled = self.pool.find(transaction.hash)
        if pooled is None:
            if self._ports.is_mined(transaction.hash):
                result.set_result(transaction.hash)
                return
            expected = builder.state.get_nonce(transaction.evm.sender)
            if transaction.nonce < expected:
                raise refused(f"nonce too low: next nonce {expected}, tx nonce {transaction.nonce}")
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
            elif not builder.fits(pooled.transaction.gas):
                break
            else:
                self._apply(builder, pooled, included)
        return included

    def _apply(self, builder: BlockBuilder, pooled: PooledTransaction, included: list[PooledTransaction]) -> None:
        if not self._ports.is_allowed(pooled.transaction.sender):
            self.pool.remove(pooled)
            pooled.reject(unauthorized())
            return
        try:
            builder.apply(pooled.transaction)
        except RpcError as error:
            self.pool.remove(pooled)
            pooled.reject(error)
        except Exception:  # noqa: BLE001 - one bad transaction must not stop the others
            _LOG.exception("a transaction could not be executed")
            self.pool.remove(pooled)
            pooled.reject(_not_executed())
        else:
            included.append(pooled)


def writer_stopped() -> NodeError:
    """Return the error for using an engine whose writer has stopped."""
    return NodeError(NodeReason.WRITER_STOPPED, "the writer has stopped; open the chain again")
