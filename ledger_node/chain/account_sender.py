"""The courier of one account: gives out its nonces, signs, keeps, sends, and sends again until it is mined.

Whoever waits for a transaction works: one of those who wait carries out a round for all of them, so that what waits
together is kept in one durable step and sent in one request. A round: (1) take over what an earlier run left behind;
(2) sign and keep what is new; (3) send what is due; (4) look for receipts.

What becomes of a transaction once it is kept:

- mined: its receipt is the outcome, whether it succeeded or reverted; nothing else waits for it;
- overtaken: another transaction was mined under its nonce. It can never be mined, and gets the next nonce;
- refused by all endpoints, or surely delivered to none: it is taken back, and who waits is told that nothing happened;
- in doubt, in any other case: its bytes are sent again, to every endpoint, until one of the above is known.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from ledger_node.chain.abi_call import count_of
from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import UnreachedError
from ledger_node.chain.outbox import OutboxEntry, OutboxStore, TransactionDraft
from ledger_node.chain.pending_transaction import GROUP, Flights, PendingTransaction, groups, send_call, send_calls
from ledger_node.chain.receipt import HEAD_CALL, TransactionReceipt, receipt_call, receipt_of
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.signer import TransactionSigner
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_PATIENCE_S: Final = 20.0
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5
_RESEND_S: Final = 2.0
_LONGEST_RESEND_S: Final = 30.0
_DOUBLINGS: Final = 12
_TRIES: Final = 5
_SURE: Final = 2
"""How often it must be seen that another transaction took a nonce: a node may learn of receipts a moment late."""


class AccountSender:
    """Carries the transactions of one account. Any number of threads may use it."""

    def __init__(self, rpc: Rpc, signer: TransactionSigner, store: OutboxStore) -> None:
        self.address = signer.address
        self.flights = Flights()
        self._rpc = rpc
        self._signer = signer
        self._store = store
        self._work = threading.Lock()
        self._is_open = self._silent = False
        self._mined: set[bytes] = set()
        self._poll_due = 0.0
        self._poll_pause = _FIRST_PAUSE_S

    def wait(self, flight: PendingTransaction, patience_s: float = _PATIENCE_S) -> TransactionReceipt:
        """Carry a transaction and return its receipt.

        Raises:
            ChainError: ``ledger_refused``, or ``ledger_unavailable``; the message says whether it may still be mined.
        """
        deadline = time.monotonic() + patience_s
        pause = _FIRST_PAUSE_S
        while not flight.done.is_set():
            with self._work:
                if not flight.done.is_set():
                    self._round()
            if flight.done.wait(pause):
                break
            if time.monotonic() > deadline:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE,
                    "a transaction was sent and is not mined yet; it will be sent until it is, so ask again later",
                )
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        if flight.receipt is None:
            assert flight.error is not None  # noqa: S101 - one of the two is set
            raise flight.error
        return flight.receipt

    def push(self) -> None:
        """Carry what nobody waits for, and forget what is mined; return at once where somebody works already."""
        if not self._work.acquire(blocking=False):
            return
        try:
            if self._is_open:
                self._take_over(self._store.left_behind(self.address))
            if len(self.flights) or not self._is_open:
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
            kept = [entry.draft for entry in self._store.pending(self.address) if entry.digest not in self._mined]
            return [flight.draft for flight in self.flights.new] + kept

    def left_behind(self) -> list[PendingTransaction]:
        """Take over what an earlier run left behind, and return it.

        Raises:
            ChainError: the ledger does not answer.
        """
        with self._work:
            self._open()
            return self.flights.kept

    def _round(self) -> None:
        new = self.flights.new
        try:
            self._open()
            self._keep_new()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait forever
            if isinstance(error, StoreError):
                # lost as it kept them, it may have them after all, and then they are to be carried
                self._is_open = False
            for flight in new:
                if flight.entry is None:
                    self.flights.remove(flight)
                    flight.fail(error)
        now = time.monotonic()
        due = [flight for flight in self.flights.kept if flight.due <= now]
        for group in groups([flight for flight in due if not flight.maybe_sent]):
            self._send(group)
        again = [flight for flight in due if flight.maybe_sent and flight.due <= now and not flight.done.is_set()]
        if again:
            # another process of this account may have died with transactions that these wait behind
            self._take_over(self._store.left_behind(self.address))
        for group in groups(again):
            self._send_again(group)
        self._poll(now)

    def _open(self) -> None:
        if not self._is_open:
            count = count_of(self._rpc.request("eth_getTransactionCount", to_hex(self.address), "latest"))
            self._take_over(self._store.open(self.address, count))
            self._is_open = True

    def _take_over(self, entries: Sequence[OutboxEntry]) -> None:
        known = (entry for entry in entries if entry.digest not in self._mined)
        self.flights.take_over([entry for entry in known if entry.digest not in self.flights])

    def _keep_new(self) -> None:
        new = self.flights.new
        if not new:
            return
        if self._silent:
            # what is in doubt is enough: while nobody answers, nothing more is kept that would happen later
            self._rpc.request("eth_chainId")
        entries = self._store.add(
            self.address,
            lambda first: [self._signer.sign(flight.draft, first + place) for place, flight in enumerate(new)],
            done=self._mined,
        )
        self._mined.clear()
        for flight, entry in zip(new, entries, strict=True):
            self.flights.keep(flight, entry)

    def _send(self, group: Sequence[PendingTransaction]) -> None:
        try:
            outcomes = self._rpc.outcomes(send_calls(group))
        except UnreachedError as error:
            # the last one first, so that every nonce that is taken back is the last one given out
            for flight in reversed(group):
                self._missed(flight, error)
            return
        except ChainError:
            for flight in group:
                self._doubted(flight)
            self._silent = True
            self._poll_due = time.monotonic() + _FIRST_PAUSE_S
            return
        self._heard()
        for flight, refusal in self._settle(group, outcomes).items():
            self._judge(flight, refusal)

    def _heard(self) -> None:
        """An endpoint answers: look for receipts soon, and after a silence send what is in doubt at once."""
        self._poll_due, self._poll_pause = 0.0, _FIRST_PAUSE_S
        if self._silent:
            self._silent = False
            for flight in self.flights.kept:
                flight.due = 0.0

    def _send_again(self, group: Sequence[PendingTransaction]) -> None:
        for flight in group:
            self._doubted(flight)
        refused: dict[PendingTransaction, ChainError] = {}
        for outcomes in self._rpc.outcomes_everywhere(send_calls(group)):
            self._silent = False
            refused |= self._settle(group, outcomes)
        for flight, refusal in refused.items():
            if not flight.done.is_set():
                self._judge(flight, refusal)

    def _settle(
        self, group: Sequence[PendingTransaction], outcomes: Sequence[Any]
    ) -> dict[PendingTransaction, ChainError]:
        """Note what was mined and what was taken; return what was refused, with the refusals."""
        sends, receipts, head = outcomes[: len(group)], outcomes[len(group) : -1], outcomes[-1]
        refused = {}
        for flight, send, receipt in zip(group, sends, receipts, strict=True):
            if not flight.done.is_set() and not self._finish(flight, receipt, head):
                if isinstance(send, ChainError):
                    refused[flight] = send
                else:
                    self._taken(flight)
        return refused

    def _taken(self, flight: PendingTransaction) -> None:
        flight.maybe_sent = True
        flight.due = time.monotonic() + _growing(_RESEND_S, flight.tries)

    def _doubted(self, flight: PendingTransaction) -> None:
        flight.maybe_sent = True
        flight.tries += 1
        flight.due = time.monotonic() + _growing(_FIRST_PAUSE_S, flight.tries)

    def _missed(self, flight: PendingTransaction, error: ChainError) -> None:
        flight.tries += 1
        flight.due = time.monotonic() + _growing(_FIRST_PAUSE_S, flight.tries)
        if flight.tries >= _TRIES:
            self._take_back(flight, error)

    def _judge(self, flight: PendingTransaction, refusal: ChainError) -> None:
        """Find out what a refusal means, since nodes word it as they like."""
        digest = to_hex(flight.kept.digest)
        # the count first: if it is past the nonce, a receipt of ours would be there by then
        calls: list[Call] = [("eth_getTransactionCount", [to_hex(self.address), "latest"]), receipt_call(digest)]
        calls += [("eth_getTransactionByHash", [digest]), HEAD_CALL]
        try:
            answer, receipt, known, head = self._rpc.batch(calls)
            count = count_of(answer)
        except ChainError:
            self._doubted(flight)
            return
        if self._finish(flight, receipt, head):
            return
        if known is not None:
            self._taken(flight)
        elif count > flight.kept.nonce:
            flight.overtaken += 1
            flight.due = time.monotonic() + _FIRST_PAUSE_S
            if flight.overtaken >= _SURE:
                self._renew(flight, count)
        elif not flight.maybe_sent and not self._taken_elsewhere(flight):
            self._take_back(flight, refusal)

    def _taken_elsewhere(self, flight: PendingTransaction) -> bool:
        calls: list[Call] = [send_call(flight), ("eth_getTransactionByHash", [to_hex(flight.kept.digest)])]
        for sent, known in self._rpc.outcomes_everywhere(calls):
            if not isinstance(sent, ChainError) or isinstance(known, dict):
                self._taken(flight)
                return True
        return False

    def _renew(self, flight: PendingTransaction, count: int) -> None:
        draft = flight.draft
        entry = self._store.renew(flight.kept, count, lambda nonce: self._signer.sign(draft, nonce))
        if entry is None:
            self.flights.remove(flight)
            words = "another process carries this transaction on; ask again later"
            flight.fail(ChainError(Reason.LEDGER_UNAVAILABLE, words))
        else:
            self.flights.keep(flight, entry)
            flight.maybe_sent, flight.overtaken, flight.due = False, 0, 0.0

    def _take_back(self, flight: PendingTransaction, error: ChainError) -> None:
        # where others wait behind, an empty transaction of the account to itself takes the place
        filler = self._signer.filler(flight.kept.nonce)
        self.flights.remove(flight)
        if self._store.release(flight.kept, filler):
            self.flights.take_over([filler])
        flight.fail(error)

    def _poll(self, now: float) -> None:
        flights = [flight for flight in self.flights.kept if flight.maybe_sent]
        if not flights or now < self._poll_due:
            return
        self._poll_due = now + self._poll_pause
        self._poll_pause = min(2 * self._poll_pause, _LONGEST_PAUSE_S)
        for start in range(0, len(flights), GROUP):
            group = flights[start : start + GROUP]
            try:
                calls = [receipt_call(to_hex(flight.kept.digest)) for flight in group]
                *receipts, head = self._rpc.outcomes([*calls, HEAD_CALL])
            except ChainError:
                return  # whoever waits asks again, or gives up
            for flight, receipt in zip(group, receipts, strict=True):
                self._finish(flight, receipt, head)

    def _finish(self, flight: PendingTransaction, receipt: Any, head: Any) -> bool:
        """Note the receipt of a transaction if there is one; return whether there is."""
        if not isinstance(receipt, dict):
            return False
        try:
            if not isinstance(head, dict) or head.get("hash") != receipt.get("blockHash"):
                head = self._rpc.request("eth_getBlockByHash", receipt.get("blockHash"), False)
            flight.receipt = receipt_of(receipt, head)
        except ChainError:
            return False  # no receipt that counts: it is asked for again
        self._rpc.saw(flight.receipt.mined.block.number)
        self.flights.remove(flight)
        self._mined.add(flight.kept.digest)
        flight.done.set()
        return True


def _growing(first_s: float, tries: int) -> float:
    return min(first_s * float(2 ** min(tries, _DOUBLINGS)), _LONGEST_RESEND_S)
