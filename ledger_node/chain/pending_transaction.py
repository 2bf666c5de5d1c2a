"""Transactions on their way: what an account has to carry."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ledger_node.chain.endpoint import Call
from ledger_node.chain.outbox import OutboxEntry, TransactionDraft
from ledger_node.chain.receipt import HEAD_CALL, TransactionReceipt, receipt_call
from ledger_node.domain.json_object import to_hex

GROUP: Final = 256
_GROUP_BYTES: Final = 1 << 20


class PendingTransaction:
    """A transaction on its way. ``done`` is set when ``receipt`` or ``error`` is.

    ``entry``: as it is kept and signed, if it is; ``maybe_sent``: an endpoint may have got it; ``due``: when to send
    it next, by the monotonic clock.
    """

    def __init__(self, draft: TransactionDraft, entry: OutboxEntry | None = None) -> None:
        self.draft = draft
        self.entry = entry
        self.done = threading.Event()
        self.receipt: TransactionReceipt | None = None
        self.error: Exception | None = None
        self.maybe_sent = entry is not None
        self.tries = 0
        self.overtaken = 0
        self.due = 0.0
        self.began = time.monotonic()

    @property
    def kept(self) -> OutboxEntry:
        """The entry of a flight that has one."""
        assert self.entry is not None  # noqa: S101 - asked for only after the flight was kept
        return self.entry

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that nothing will come of it."""
        self.error = error
        self.done.set()


class Flights:
    """The transactions of one account on their way: new ones, and those that are kept. Any thread may use it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._new: list[PendingTransaction] = []
        self._kept: dict[bytes, PendingTransaction] = {}

    def __len__(self) -> int:
        return len(self._new) + len(self._kept)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._kept

    @property
    def new(self) -> list[PendingTransaction]:
        """Those that are not kept yet, in their order."""
        with self._guard:
            return list(self._new)

    @property
    def kept(self) -> list[PendingTransaction]:
        """Those that are kept, by nonce."""
        with self._guard:
            return sorted(self._kept.values(), key=lambda flight: flight.kept.nonce)

    @property
    def oldest_s(self) -> float:
        """How long the oldest one is on its way, in seconds; 0 without any."""
        with self._guard:
            began = [flight.began for flight in (*self._new, *self._kept.values())]
        return time.monotonic() - min(began) if began else 0.0

    def find(self, draft: TransactionDraft) -> PendingTransaction | None:
        """Return the one that does exactly this."""
        with self._guard:
            on_way = [*self._new, *self._kept.values()]
        return next((flight for flight in on_way if flight.draft == draft), None)

    def add(self, draft: TransactionDraft) -> PendingTransaction:
        """Add a new one."""
        flight = PendingTransaction(draft)
        with self._guard:
            self._new.append(flight)
        return flight

    def take_over(self, entries: Iterable[OutboxEntry]) -> None:
        """Add what is kept already; whoever has just asked for the same waits for it."""
        with self._guard:
            for entry in entries:
                flight = next((one for one in self._new if one.draft == entry.draft), None)
                if flight is None:
                    flight = PendingTransaction(entry.draft)
                else:
                    self._new.remove(flight)
                flight.entry, flight.maybe_sent = entry, True
                self._kept[entry.digest] = flight

    def keep(self, flight: PendingTransaction, entry: OutboxEntry) -> None:
        """Note that a flight is kept as ``entry``, anew or for the first time."""
        with self._guard:
            if flight.entry is None:
                self._new.remove(flight)
            else:
                del self._kept[flight.entry.digest]
            flight.entry = entry
            self._kept[entry.digest] = flight

    def remove(self, flight: PendingTransaction) -> None:
        """Forget one that is over."""
        with self._guard:
            if flight.entry is None:
                self._new.remove(flight)
            else:
                self._kept.pop(flight.entry.digest, None)


def groups(flights: Sequence[PendingTransaction]) -> Iterator[list[PendingTransaction]]:
    """Cut into groups that fit into one request of any node."""
    group: list[PendingTransaction] = []
    size = 0
    for flight in flights:
        size += len(flight.kept.raw)
        if group and (len(group) == GROUP or size > _GROUP_BYTES):
            yield group
            group, size = [], len(flight.kept.raw)
        group.append(flight)
    if group:
        yield group


def send_call(flight: PendingTransaction) -> Call:
    """Return the request that sends a transaction."""
    return "eth_sendRawTransaction", [to_hex(flight.kept.raw)]


def send_calls(group: Sequence[PendingTransaction]) -> list[Call]:
    """Return requests that send each of a group, ask for its receipts, and for the newest block."""
    # the receipts are asked for at once: the embedded node mines before it answers
    receipts = [receipt_call(to_hex(flight.kept.digest)) for flight in group]
    return [*map(send_call, group), *receipts, HEAD_CALL]
