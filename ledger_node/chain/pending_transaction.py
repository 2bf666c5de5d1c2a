"""Transactions on their way: how each is signed, what becomes of it by what is seen of it, and all of one account.

What becomes of a stored one is a pure state machine. Receipts and counts decide, never the words of an error:

1. A receipt: the transaction is mined, whether it succeeded or reverted.
2. The account's count is past its nonce and there is no receipt, seen twice: another transaction took the nonce.
   This one can never be mined and gets the next nonce.
3. Every endpoint refuses it, none knows it, and it was never in doubt: it is cancelled.
4. No endpoint got it, five times: it is cancelled.
5. Anything else: an endpoint has it or may have it. The same bytes are sent again until one of the above is seen.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from eth_account import Account

from ledger_node.chain.endpoint import Call
from ledger_node.chain.outbox import OutboxEntry, TransactionDraft
from ledger_node.chain.rpc import HEAD_CALL, TransactionReceipt, receipt_call
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of

_GROUP: Final = 256
_GROUP_BYTES: Final = 1 << 20
_PLACEHOLDER_GAS: Final = 21_000
FIRST_PAUSE_S: Final = 0.02
_RESEND_S: Final = 2.0
_LONGEST_RESEND_S: Final = 30.0
_DOUBLINGS: Final = 12
_TRIES: Final = 5
_SURE: Final = 2
"""How often it must be seen that another transaction took a nonce: a node may learn of receipts a moment late."""


class State(StrEnum):
    """Where a stored transaction stands."""

    STORED = "stored"
    """No endpoint has it."""
    SENT = "sent"
    """An endpoint has it."""
    IN_DOUBT = "in_doubt"
    """An endpoint may have it."""
    MINED = "mined"
    """It has a receipt."""
    OVERTAKEN = "overtaken"
    """Another transaction was mined under its nonce. ``renewed`` begins anew under the next one."""
    CANCELLED = "cancelled"
    """Nothing happened, and nothing will."""


FINAL: Final = frozenset({State.MINED, State.OVERTAKEN, State.CANCELLED})
"""Nothing that is seen changes these any more."""


class Observation(StrEnum):
    """What is seen of a transaction at the endpoints."""

    RECEIPT = "receipt"
    """It is mined."""
    ACCEPTED = "accepted"
    """An endpoint took it, or knows it."""
    NO_ANSWER = "no_answer"
    """It was sent, and nobody has answered."""
    UNREACHED = "unreached"
    """It was sent, and surely no endpoint got it."""
    NONCE_USED = "nonce_used"
    """The account's count is past its nonce, and it has no receipt."""
    REFUSED = "refused"
    """Every endpoint that was asked refuses it, and none knows it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """How far a stored transaction has come.

    ``tries``: how often it was sent without an answer. ``overtakings``: how often its nonce was seen used by another
    one. ``pause_s``: how long to wait after the last observation until it is sent again.
    """

    state: State = State.STORED
    tries: int = 0
    overtakings: int = 0
    pause_s: float = 0.0

    @property
    def may_be_known(self) -> bool:
        """Whether an endpoint has it or may have it, so that its bytes must never be given up for others."""
        return self.state in {State.SENT, State.IN_DOUBT}


def next_state(transaction: Submission, seen: Observation) -> Submission:
    """Return how far a transaction has come after ``seen``."""
    if transaction.state in FINAL:
        return transaction
    match seen:
        case Observation.RECEIPT:
            return replace(transaction, state=State.MINED)
        case Observation.ACCEPTED:
            return replace(transaction, state=State.SENT, pause_s=_growing(_RESEND_S, transaction.tries))
        case Observation.NO_ANSWER:
            return _sent_in_vain(transaction, State.IN_DOUBT)
        case Observation.UNREACHED if not transaction.may_be_known:
            tried = _sent_in_vain(transaction, State.STORED)
            return tried if tried.tries < _TRIES else replace(tried, state=State.CANCELLED)
        case Observation.UNREACHED:
            return _sent_in_vain(transaction, State.IN_DOUBT)
        case Observation.NONCE_USED:
            seen_again = transaction.overtakings + 1
            state = transaction.state if seen_again < _SURE else State.OVERTAKEN
            return replace(transaction, state=state, overtakings=seen_again, pause_s=FIRST_PAUSE_S)
        case Observation.REFUSED:
            # an endpoint that may have it could still send it on, so this one stays in doubt
            return transaction if transaction.may_be_known else replace(transaction, state=State.CANCELLED)
    assert_never(seen)


def renewed(transaction: Submission) -> Submission:
    """Return where an overtaken transaction begins under its new nonce."""
    return Submission(tries=transaction.tries)


def _sent_in_vain(transaction: Submission, state: State) -> Submission:
    tries = transaction.tries + 1
    return replace(transaction, state=state, tries=tries, pause_s=_growing(FIRST_PAUSE_S, tries))


def _growing(first_s: float, tries: int) -> float:
    return min(first_s * float(2 ** min(tries, _DOUBLINGS)), _LONGEST_RESEND_S)


class TransactionSigner:
    """Signs zero-fee transactions of one account. The same draft and nonce give the same bytes (RFC 6979)."""

    def __init__(self, chain_id: int, private_key: bytes) -> None:
        self.address = address_of(private_key)
        self._chain_id = chain_id
        self._key = private_key

    def sign(self, draft: TransactionDraft, nonce: int) -> OutboxEntry:
        """Return ``draft`` as a signed transaction under ``nonce``."""
        transaction = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": draft.gas,
            "gasPrice": 0,
            "value": 0,
            "data": draft.data,
            "to": draft.to or b"",
        }
        signed = Account.sign_transaction(transaction, self._key)
        return OutboxEntry(self.address, nonce, draft, bytes(signed.raw_transaction), bytes(signed.hash))

    def placeholder(self, nonce: int) -> OutboxEntry:
        """Return a transaction of the account to itself that does nothing but use ``nonce``."""
        return self.sign(TransactionDraft(self.address, b"", _PLACEHOLDER_GAS), nonce)


class PendingTransaction:
    """A transaction on its way. ``outcome``: its receipt when it is mined, or why nothing will come of it.

    ``entry``: as it is stored and signed, if it is; ``submission``: how far it has come from then on; ``due``: when to
    send it next, by the monotonic clock.
    """

    def __init__(self, draft: TransactionDraft) -> None:
        self.draft = draft
        self.entry: OutboxEntry | None = None
        self.outcome: Future[TransactionReceipt] = Future()
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
