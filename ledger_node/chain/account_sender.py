"""The sender of one account: gives out its nonces, signs, stores, sends, and sends again until all is mined.

Whoever waits for a transaction works: one of those who wait carries out a round for all of them, so that what waits
together is stored in one durable step and sent in one request. A round: (1) adopt what an earlier run left behind;
(2) sign and store what is new; (3) send what is due; (4) look for receipts.
What becomes of a transaction once it is stored, ``next_state`` decides; here it is asked what is to be seen of it.
"""

import threading
import time
from collections.abc import Sequence
from concurrent import futures
from typing import Any, Final

from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import UnreachedError
from ledger_node.chain.outbox import OutboxEntry, OutboxStore, TransactionDraft
from ledger_node.chain.pending_transaction import (
    FIRST_PAUSE_S,
    Observation,
    PendingTransaction,
    PendingTransactions,
    State,
    TransactionSigner,
    groups,
    next_state,
    renewed,
    send_calls,
)
from ledger_node.chain.rpc import HEAD_CALL, Rpc, TransactionReceipt, count_of, receipt_of
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_PATIENCE_S: Final = 20.0
_LONGEST_PAUSE_S: Final = 0.5
_CARRIED_ELSEWHERE: Final = "another process carries this transaction on; ask again later"


class AccountSender:
    """Carries the transactions of one account. Any number of threads may use it."""

    def __init__(self, rpc: Rpc, signer: TransactionSigner, store: OutboxStore) -> None:
        self.address = signer.address
        self.transactions = PendingTransactions()
        self._count_call: Call = ("eth_getTransactionCount", [to_hex(self.address), "latest"])
        self._rpc = rpc
        self._signer = signer
        self._store = store
        self._work = threading.Lock()
        self._is_open = self._silent = False
        self._mined: set[bytes] = set()
        self._poll_due = 0.0
        self._poll_pause = FIRST_PAUSE_S

    def wait(self, transaction: PendingTransaction, patience_s: float = _PATIENCE_S) -> TransactionReceipt:
        """Carry a transaction and return its receipt.

        Raises:
            ChainError: ``ledger_refused``, or ``ledger_unavailable``; the message says whether it may still be mined.
        """
        deadline = time.monotonic() + patience_s
        pause = FIRST_PAUSE_S
        while not transaction.outcome.done():
            with self._work:
                if not transaction.outcome.done():
                    self._round()
            if futures.wait([transaction.outcome], pause).done:
                break
            if time.monotonic() > deadline:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE,
                    "a transaction was sent and is not mined yet; it will be sent until it is, so ask again later",
                )
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        return transaction.outcome.result()

    def push(self) -> None:
        """Carry what nobody waits for, and forget what is mined; return at once where somebody works already."""
        if not self._work.acquire(blocking=False):
            return
        try:
            if self._is_open:
                self._adopt(self._store.left_behind(self.address))
            if len(self.transactions) or not self._is_open:
                self._round()
            elif self._mined:
                self._store.forget(self.address, self._mined)
                self._mined.clear()
        finally:
            self._work.release()

    def on_way(self) -> list[TransactionDraft]:
        """Return what may still be mined, whichever process carries it.

        Raises:
            ChainError: the ledger does not answer.
        """
        with self._work:
            self._open()
            stored = [entry.draft for entry in self._store.pending(self.address) if entry.digest not in self._mined]
            return [transaction.draft for transaction in self.transactions.new] + stored

    def left_behind(self) -> list[PendingTransaction]:
        """Adopt what an earlier run left behind, and return it.

        Raises:
            ChainError: the ledger does not answer.
        """
        with self._work:
            self._open()
            return self.transactions.stored

    def _round(self) -> None:
        new = self.transactions.new
        try:
            self._open()
            self._store_new()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait forever
            if isinstance(error, StoreError):
                # lost as it stored them, it may have them after all, and then they are to be carried
                self._is_open = False
            for transaction in new:
                if transaction.entry is None:
                    self.transactions.remove(transaction)
                    transaction.outcome.set_exception(error)
        now = time.monotonic()
        due = [transaction for transaction in self.transactions.stored if transaction.due <= now]
        for group in groups([one for one in due if not one.submission.may_be_known]):
            self._send(group)
        again = [one for one in due if one.submission.may_be_known and one.due <= now and not one.outcome.done()]
        if again:
            # another process of this account may have died with transactions that these wait behind
            self._adopt(self._store.left_behind(self.address))
        for group in groups(again):
            self._send_again(group)
        self._poll(now)

    def _open(self) -> None:
        if not self._is_open:
            (count,) = self._rpc.batch([self._count_call])
            self._adopt(self._store.open(self.address, count_of(count)))
            self._is_open = True

    def _adopt(self, entries: Sequence[OutboxEntry]) -> None:
        known = (entry for entry in entries if entry.digest not in self._mined)
        self.transactions.adopt([entry for entry in known if entry.digest not in self.transactions])

    def _store_new(self) -> None:
        new = self.transactions.new
        if not new:
            return
        if self._silent:
            # what is in doubt is enough: while nobody answers, nothing more is stored that would happen later
            self._rpc.request("eth_chainId")
        entries = self._store.add(
            self.address,
            lambda first: [self._signer.sign(one.draft, first + place) for place, one in enumerate(new)],
            done=self._mined,
        )
        self._mined.clear()
        for transaction, entry in zip(new, entries, strict=True):
            self.transactions.store(transaction, entry)

    def _send(self, group: Sequence[PendingTransaction]) -> None:
        try:
            outcomes = self._rpc.outcomes(send_calls(group))
        except UnreachedError as error:
            # the last one first, so that every nonce that is free again is the last one given out
            for transaction in reversed(group):
                self._observe(transaction, Observation.UNREACHED, error)
            return
        except ChainError:
            for transaction in group:
                self._observe(transaction, Observation.NO_ANSWER)
            self._silent = True
            self._poll_due = time.monotonic() + FIRST_PAUSE_S
            return
        # an endpoint answers: look for receipts soon, and after a silence send what is in doubt at once
        self._poll_due, self._poll_pause = 0.0, FIRST_PAUSE_S
        if self._silent:
            self._silent = False
            for transaction in self.transactions.stored:
                transaction.due = 0.0
        for transaction, refusal in self._read(group, outcomes).items():
            self._look_into(transaction, refusal)

    def _send_again(self, group: Sequence[PendingTransaction]) -> None:
        for transaction in group:
            self._observe(transaction, Observation.NO_ANSWER)
        refused: dict[PendingTransaction, ChainError] = {}
        for outcomes in self._rpc.outcomes_everywhere(send_calls(group)):
            self._silent = False
            refused |= self._read(group, outcomes)
        for transaction, refusal in refused.items():
            if not transaction.outcome.done():
                self._look_into(transaction, refusal)

    def _read(
        self, group: Sequence[PendingTransaction], outcomes: Sequence[Any]
    ) -> dict[PendingTransaction, ChainError]:
        """Observe what was mined and what was accepted; return what was refused, with the refusals."""
        sends, receipts, head = outcomes[: len(group)], outcomes[len(group) : -1], outcomes[-1]
        refused = {}
        for transaction, send, receipt in zip(group, sends, receipts, strict=True):
            if not transaction.outcome.done() and not self._finish(transaction, receipt, head):
                if isinstance(send, ChainError):
                    refused[transaction] = send
                else:
                    self._observe(transaction, Observation.ACCEPTED)
        return refused

    def _look_into(self, transaction: PendingTransaction, refusal: ChainError) -> None:
        """Find out what a refusal means, since nodes word it as they like."""
        # the count first: if it is past the nonce, a receipt of ours would be there by then
        calls = [self._count_call, transaction.receipt_call, transaction.known_call, HEAD_CALL]
        try:
            answer, receipt, known, head = self._rpc.batch(calls)
            count = count_of(answer)
        except ChainError:
            self._observe(transaction, Observation.NO_ANSWER)
            return
        if self._finish(transaction, receipt, head):
            return
        if known is not None:
            self._observe(transaction, Observation.ACCEPTED)
        elif count > transaction.stored.nonce:
            self._observe(transaction, Observation.NONCE_USED, count=count)
        elif not transaction.submission.may_be_known and self._is_accepted_elsewhere(transaction):
            self._observe(transaction, Observation.ACCEPTED)
        else:
            self._observe(transaction, Observation.REFUSED, refusal)

    def _is_accepted_elsewhere(self, transaction: PendingTransaction) -> bool:
        answers = self._rpc.outcomes_everywhere([transaction.send_call, transaction.known_call])
        return any(not isinstance(sent, ChainError) or isinstance(known, dict) for sent, known in answers)

    def _observe(
        self, transaction: PendingTransaction, seen: Observation, error: ChainError | None = None, count: int = 0
    ) -> None:
        """Bring a transaction to its next state, and do what that state asks for."""
        after = next_state(transaction.submission, seen)
        if after.state is State.OVERTAKEN:
            self._renew(transaction, count)
            return
        transaction.submission = after
        transaction.due = time.monotonic() + after.pause_s
        if after.state is State.CANCELLED:
            assert error is not None  # noqa: S101 - only a fault cancels
            self._cancel(transaction, error)

    def _renew(self, transaction: PendingTransaction, count: int) -> None:
        draft = transaction.draft
        entry = self._store.renew(transaction.stored, count, lambda nonce: self._signer.sign(draft, nonce))
        if entry is None:
            self.transactions.remove(transaction)
            transaction.outcome.set_exception(ChainError(Reason.LEDGER_UNAVAILABLE, _CARRIED_ELSEWHERE))
        else:
            self.transactions.store(transaction, entry)
            transaction.submission, transaction.due = renewed(transaction.submission), 0.0

    def _cancel(self, transaction: PendingTransaction, error: ChainError) -> None:
        # where others wait behind, an empty transaction of the account to itself takes the place
        placeholder = self._signer.placeholder(transaction.stored.nonce)
        self.transactions.remove(transaction)
        if self._store.release(transaction.stored, placeholder):
            self.transactions.adopt([placeholder])
        transaction.outcome.set_exception(error)

    def _poll(self, now: float) -> None:
        sent = [transaction for transaction in self.transactions.stored if transaction.submission.may_be_known]
        if not sent or now < self._poll_due:
            return
        self._poll_due = now + self._poll_pause
        self._poll_pause = min(2 * self._poll_pause, _LONGEST_PAUSE_S)
        for group in groups(sent):
            try:
                calls = [transaction.receipt_call for transaction in group]
                *receipts, head = self._rpc.outcomes([*calls, HEAD_CALL])
            except ChainError:
                return  # whoever waits asks again, or gives up
            for transaction, receipt in zip(group, receipts, strict=True):
                self._finish(transaction, receipt, head)

    def _finish(self, transaction: PendingTransaction, receipt: Any, head: Any) -> bool:
        """Finish a transaction if it has a receipt; return whether it has one."""
        if not isinstance(receipt, dict):
            return False
        try:
            if not isinstance(head, dict) or head.get("hash") != receipt.get("blockHash"):
                head = self._rpc.request("eth_getBlockByHash", receipt.get("blockHash"), False)
            found = receipt_of(receipt, head)
        except ChainError:
            return False  # no receipt that counts: it is asked for again
        self._rpc.observe_block(found.mined.block.number)
        self.transactions.remove(transaction)
        self._mined.add(transaction.stored.digest)
        self._observe(transaction, Observation.RECEIPT)
        transaction.outcome.set_result(found)
        return True
