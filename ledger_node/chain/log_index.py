"""A kept index of those events that are listed again and again: members, issuers, batches.

The contracts hold no lists of them, and a scan from block 0 gets longer with every block. So each block is read once,
in pages. What was found is kept, with the number and hash of the last block that was read. A chain that does not have
that block any more was replaced or put back: the index begins anew.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from typing_extensions import override

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.endpoint import Call
from ledger_node.chain.port import Block
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

PAGE_BLOCKS: Final = 1_000
"""The most blocks that one request for logs covers; Besu refuses more than 5,000 by default."""
PAGES_AT_ONCE: Final = 10
INDEXED: Final = {
    "MemberRegistry": ("MemberAdded",),
    "SchemaRegistry": ("IssuerAllowed", "IssuerDisallowed"),
    "AnchorRegistry": ("BatchAnchored",),
}
"""Contract -> the events that are kept. Of each there are few: no use of a consent is among them."""


@dataclass(frozen=True, slots=True)
class BlockMark:
    """The last block that was read."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredLog:
    """One log: its place on the chain, its topics, and the log as the node gave it."""

    block: int
    position: int
    topics: tuple[bytes, ...]
    log: Any


class LogStore(Protocol):
    """Keeps logs. Each method is one durable step; several processes may use one store."""

    def mark(self) -> BlockMark | None:
        """Return the last block that was read, or None where nothing was."""

    def append(self, before: BlockMark | None, logs: Sequence[StoredLog], mark: BlockMark) -> bool:
        """Keep the logs of the blocks behind ``before`` up to ``mark``; return whether ``before`` was still the mark.

        If it was not, another process was faster, and nothing is kept.
        """

    def find(self, topics: Sequence[bytes]) -> Sequence[Any]:
        """Return the logs whose first topics are these, as the node gave them, in the order of the chain."""

    def clear(self) -> None:
        """Forget everything."""


class MemoryLogs(LogStore):
    """Forgets everything with its process: for tools and tests, which read the chain once more."""

    def __init__(self) -> None:
        self._mark: BlockMark | None = None
        self._logs: dict[tuple[int, int], StoredLog] = {}
        self._guard = threading.Lock()

    @override
    def mark(self) -> BlockMark | None:
        return self._mark

    @override
    def append(self, before: BlockMark | None, logs: Sequence[StoredLog], mark: BlockMark) -> bool:
        with self._guard:
            if before != self._mark:
                return False
            self._logs.update(((one.block, one.position), one) for one in logs)
            self._mark = mark
            return True

    @override
    def find(self, topics: Sequence[bytes]) -> Sequence[Any]:
        with self._guard:
            found = [one for _, one in sorted(self._logs.items()) if one.topics[: len(topics)] == tuple(topics)]
        return [one.log for one in found]

    @override
    def clear(self) -> None:
        with self._guard:
            self._logs.clear()
            self._mark = None


class LogIndex:
    """The index of one network. Any number of threads may use it.

    Most blocks hold none of these events. So the store is written when something was found, or a page was read; in
    between, how far this process has read is only known to itself.
    """

    def __init__(self, book: AddressBook, rpc: Rpc, store: LogStore | None = None) -> None:
        self._rpc = rpc
        self._store = store or MemoryLogs()
        self._addresses = [to_hex(book.contracts[name]) for name in INDEXED if name in book.contracts]
        self._topics = [artifact(name).topic(event) for name, events in INDEXED.items() for event in events]
        self._guard = threading.Lock()
        self._is_checked = False
        self._stored: BlockMark | None = None
        self._read: BlockMark | None = None
        self._found: dict[tuple[bytes, ...], Sequence[Any]] = {}

    def find(self, *topics: bytes) -> Sequence[Any]:
        """Return the logs with these first topics, up to the newest block, in the order of the chain.

        Raises:
            ChainError: the ledger does not answer.
        """
        return self.find_each([topics])[0]

    def find_each(self, wanted: Sequence[tuple[bytes, ...]]) -> list[Sequence[Any]]:
        """Return the same for each of several lists of first topics, all up to one block.

        Raises:
            ChainError: the ledger does not answer.
        """
        with self._guard:
            self._catch_up()
            for topics in wanted:
                if topics not in self._found:
                    self._found[topics] = self._store.find(topics)
            return [self._found[topics] for topics in wanted]

    def _catch_up(self) -> None:
        if not self._is_checked:
            self._check()
        head = block_of(self._rpc.batch([HEAD_CALL])[0])
        while self._read is None or self._read.number < head.number:
            self._read_on(head)

    def _check(self) -> None:
        """Begin anew if this chain does not have the last block that was read."""
        mark = self._store.mark()
        if mark is not None:
            block = self._rpc.request("eth_getBlockByNumber", hex(mark.number), False)
            if block is None or block_of(block).hash != mark.hash:
                self._store.clear()
        self._reload()
        self._is_checked = True

    def _reload(self) -> None:
        self._stored = self._read = self._store.mark()
        self._found.clear()

    def _read_on(self, head: Block) -> None:
        """Read some pages more, and keep what they hold."""
        first = 0 if self._read is None else self._read.number + 1
        last = min(head.number, first + PAGES_AT_ONCE * PAGE_BLOCKS - 1)
        logs = [stored_log(log) for log in logs_of(self._rpc, self._addresses, [self._topics], first, last)]
        newest = head
        if last < head.number:
            newest = block_of(self._rpc.batch([("eth_getBlockByNumber", [hex(last), False])])[0])
        mark = BlockMark(last, newest.hash)
        if logs or self._stored is None or last - self._stored.number >= PAGE_BLOCKS:
            if not self._store.append(self._stored, logs, mark):
                # another process was faster: go on from where it came to
                self._reload()
                return
            self._stored = mark
            self._found.clear()
        self._read = mark


def pages_of(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last block of each page from ``first`` to ``last``."""
    for start in range(first, last + 1, PAGE_BLOCKS):
        yield start, min(start + PAGE_BLOCKS - 1, last)


def logs_of(rpc: Rpc, addresses: Sequence[str], topics: Sequence[Any], first: int, last: int) -> list[Any]:
    """Return the logs of the blocks from ``first`` to ``last``, at most ten pages of them, in one request.

    Where a node refuses, since too many match, half of the blocks is asked for at a time.

    Raises:
        ChainError: the node does not answer, or refuses the logs of a single block.
    """
    try:
        answers = rpc.batch([logs_call(addresses, topics, *page) for page in pages_of(first, last)])
    except ChainError as error:
        if error.reason is not Reason.LEDGER_REFUSED or first == last:
            raise
        middle = (first + last) // 2
        halves = (first, middle), (middle + 1, last)
        return [log for half in halves for log in logs_of(rpc, addresses, topics, *half)]
    return [log for logs in answers for log in logs]


def logs_call(addresses: Sequence[str], topics: Sequence[Any], first: int, last: int) -> Call:
    """Return the request for logs of some blocks."""
    bounds = {"fromBlock": hex(first), "toBlock": hex(last)}
    return "eth_getLogs", [{"address": list(addresses), **bounds, "topics": list(topics)}]


def stored_log(log: Any) -> StoredLog:
    """Return a log that a node gave, with its place.

    Raises:
        ChainError: ``ledger_unavailable``; this is no log.
    """
    try:
        topics = tuple(from_hex(topic, "topic") for topic in log["topics"])
        return StoredLog(int(log["blockNumber"], 16), int(log["logIndex"], 16), topics, log)
    except (InvalidInputError, KeyError, TypeError, ValueError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
        ) from error
