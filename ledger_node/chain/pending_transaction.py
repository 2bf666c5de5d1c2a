"""Transactions on their way: what an account has to carry, how it signs them, and how they are sent."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from eth_account import Account

from ledger_node.chain.endpoint import Call
from ledger_node.chain.outbox import OutboxEntry, TransactionDraft
from ledger_node.chain.rpc import HEAD_CALL, TransactionReceipt, receipt_call
from ledger_node.chain.submission import State, Submission
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of

_GROUP: Final = 256
_GROUP_BYTES: Final = 1 << 20
_PLACEHOLDER_GAS: Final = 21_000


class TransactionSigner:
    """Signs zero-fee transactions of one account. The same draft and nonce give the same bytes (RFC 6979)."""

    def __init__(self, chain_id: int, private_key: bytes) -> None:
        self.address = address_of(private_key)
        self._chain_id = chain_id
        self._key = private_key

    def sign(self, draft: TransactionDraft, nonce: int) -> OutboxEntry:
        """Return ``draft`` as a signed transaction under ``nonce``."""
        transaction: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": draft.gas,
            "gasPrice": 0,
            "value": 0,
            "data": draft.data,
        }
        if draft.to is not None:
            transaction["to"] = draft.to
        signed = Account.sign_transaction(transaction, self._key)
        return OutboxEntry(self.address, nonce, draft, bytes(signed.raw_transaction), bytes(signed.hash))

    def placeholder(self, nonce: int) -> OutboxEntry:
        """Return a transaction of the account to itself that does nothing but use ``nonce``."""
        return self.sign(TransactionDraft(self.address, b"", _PLACEHOLDER_GAS), nonce)


class PendingTransaction:
    """A transaction on its way. ``done`` is set when ``receipt`` or ``error`` is.

    ``entry``: as it is stored and signed, if it is; ``submission``: how far it has come from then on; ``due``: when to
    send it next, by the monotonic clock.
    """

    def __init__(self, draft: TransactionDraft) -> None:
        self.draft = draft
        self.entry: OutboxEntry | None = None
        self.done = threading.Event()
        self.receipt: TransactionReceipt | None = None
        self.error: Exception | None = None
        self.submission = Submission()
        self.due = 0.0
        self.began = time.monotonic()

    @property
    def stored(self) -> OutboxEntry:
        """The entry of a transaction that has one."""
        assert self.entry is not None  # noqa: S101 - asked for only after the transaction was stored
        return self.entry

    @property
    def send_call(self) -> Call:
        """The request that sends a stored one."""
        return "eth_sendRawTransaction", [to_hex(self.stored.raw)]

    @property
    def known_call(self) -> Call:
        """The request that asks whether an endpoint knows a stored one."""
        return "eth_getTransactionByHash", [to_hex(self.stored.digest)]

    @property
    def receipt_call(self) -> Call:
        """The request for the receipt of a stored one."""
        return receipt_call(to_hex(self.stored.digest))

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that nothing will come of it."""
        self.error = error
        self.done.set()

    def succeed(self, receipt: TransactionReceipt) -> None:
        """Tell whoever waits that it is mined."""
        self.receipt = receipt
        self.done.set()


class PendingTransactions:
    """The transactions of one account on their way: new ones, and stored ones. Any thread may use it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._new: list[PendingTransaction] = []
        self._stored: dict[bytes, PendingTransaction] = {}

    def __len__(self) -> int:
        return len(self._new) + len(self._stored)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._stored

    @property
    def new(self) -> list[PendingTransaction]:
        """Those that are not stored yet, in their order."""
        with self._guard:
            return list(self._new)

    @property
    def stored(self) -> list[PendingTransaction]:
        """Those that are stored, by nonce."""
        with self._guard:
            return sorted(self._stored.values(), key=lambda transaction: transaction.stored.nonce)

    @property
    def oldest_s(self) -> float:
        """How long the oldest one is on its way, in seconds; 0 without any."""
        with self._guard:
            began = [transaction.began for transaction in (*self._new, *self._stored.values())]
        return time.monotonic() - min(began) if began else 0.0

    def find(self, draft: TransactionDraft) -> PendingTransaction | None:
        """Return the one that does exactly this."""
        with self._guard:
            on_way = [*self._new, *self._stored.values()]
        return next((transaction for transaction in on_way if transaction.draft == draft), None)

    def add(self, draft: TransactionDraft) -> PendingTransaction:
        """Add a new one."""
        transaction = PendingTransaction(draft)
        with self._guard:
            self._new.append(transaction)
        return transaction

    def adopt(self, entries: Iterable[OutboxEntry]) -> None:
        """Add what is stored already and may have been sent; whoever has just asked for the same waits for it."""
        with self._guard:
            for entry in entries:
                transaction = next((one for one in self._new if one.draft == entry.draft), None)
                if transaction is None:
                    transaction = PendingTransaction(entry.draft)
                else:
                    self._new.remove(transaction)
                transaction.entry, transaction.submission = entry, Submission(State.IN_DOUBT)
                self._stored[entry.digest] = transaction

    def store(self, transaction: PendingTransaction, entry: OutboxEntry) -> None:
        """Set as what a transaction is stored, for the first time or anew."""
        with self._guard:
            self._forget(transaction)
            transaction.entry = entry
            self._stored[entry.digest] = transaction

    def remove(self, transaction: PendingTransaction) -> None:
        """Forget one that is over."""
        with self._guard:
            self._forget(transaction)

    def _forget(self, transaction: PendingTransaction) -> None:
        if transaction.entry is None:
            self._new.remove(transaction)
        else:
            self._stored.pop(transaction.entry.digest, None)


def groups(transactions: Sequence[PendingTransaction]) -> Iterator[list[PendingTransaction]]:
    """Cut into groups that fit into one request of any node."""
    group: list[PendingTransaction] = []
    size = 0
    for transaction in transactions:
        size += len(transaction.stored.raw)
        if group and (len(group) == _GROUP or size > _GROUP_BYTES):
            yield group
            group, size = [], len(transaction.stored.raw)
        group.append(transaction)
    if group:
        yield group


def send_calls(group: Sequence[PendingTransaction]) -> list[Call]:
    """Return requests that send each of a group, ask for its receipts, and for the newest block."""
    # the receipts are asked for at once: the embedded node mines before it answers
    sends, receipts = zip(*((one.send_call, one.receipt_call) for one in group), strict=True)
    return [*sends, *receipts, HEAD_CALL]
