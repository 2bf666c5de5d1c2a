"""What is public: every block, transaction, receipt, log and storage word that JSON-RPC gives anybody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.error import ChainError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason

Json: TypeAlias = Any
WORD: Final = 32
UNKNOWN: Final = "unknown"
"""The name of a log that no contract of ours can have written."""
_BATCH: Final = 500
_MAX_STORAGE_READS: Final = 40_000
_SLOTS: Final = 10
"""More than any of our contracts has."""
_ADDRESS: Final = 20
_ADDRESS_TEXT: Final = 2 + 2 * _ADDRESS
_SECRET_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log; ``topics`` are the indexed words behind the event's own, ``data`` the rest as it stands there."""

    contract: bytes
    name: str
    args: dict[str, Any]
    topics: tuple[bytes, ...] = ()
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A mined transaction with its receipt, in the order of the chain."""

    hash: bytes
    block: int
    time: int
    sender: bytes
    to: bytes | None
    data: bytes
    gas: int
    events: tuple[Event, ...] = ()
    created: bytes | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything public. ``words``: every word and address of the chain, with the place it was first seen at."""

    transactions: Sequence[Transaction]
    words: dict[bytes, str]
    blocks: int = 0
    storage_words: int = 0
    publics: dict[bytes, str] = field(default_factory=dict)
    storage: Sequence[tuple[bytes, bytes]] = ()
    """(contract, word)"""
    headers: bytes = b""
    """All header fields that are no numbers, one after the other."""

    def events(self, name: str) -> Iterator[tuple[Transaction, Event]]:
        """Yield all events of one name, in the order of the chain."""
        for transaction in self.transactions:
            for event in transaction.events:
                if event.name == name:
                    yield transaction, event


def is_secret_like(word: bytes) -> bool:
    """Return whether a word is no small number and no padded address."""
    return any(word[:_SECRET_BYTES]) and any(word[-_SECRET_BYTES:])


def corpus_of(
    transactions: Sequence[Transaction],
    headers: Sequence[bytes] = (),
    storage: Sequence[tuple[bytes, bytes]] = (),
    *,
    blocks: int = 0,
) -> Corpus:
    """Return the corpus of transactions, of words of block headers, and of storage words with their contracts."""
    words: dict[bytes, str] = {}
    publics: dict[bytes, str] = {}
    for transaction in transactions:
        publics.setdefault(transaction.sender, "an account")
        if transaction.to is not None:
            publics.setdefault(transaction.to, "a contract")
            for start in range(4, len(transaction.data) - WORD + 1, WORD):
                words.setdefault(transaction.data[start : start + WORD], "calldata")
        for event in transaction.events:
            for name, value in event.args.items():
                for word in words_of(value):
                    words.setdefault(word, f"{event.name}.{name}")
        words.setdefault(transaction.hash, "transaction hash")
    for word in headers:
        words.setdefault(word, "block header")
    for _, word in storage:
        words.setdefault(word, "storage")
    publics |= {word: place for word, place in words.items() if is_secret_like(word) and "." in place}
    stored = len({word for _, word in storage} - set(headers))
    return Corpus(transactions, words, blocks, stored, publics, storage, b"".join(headers))


def spread(words: Mapping[bytes, str]) -> list[bytes]:
    """Return words so that those of all places take turns: a thousand ids of one kind must not crowd out the rest."""
    places: dict[str, list[bytes]] = {}
    for word, place in words.items():
        places.setdefault(place, []).append(word)
    return [word for turn in zip_longest(*places.values()) for word in turn if word is not None]


def words_of(value: Json) -> Iterator[bytes]:
    """Yield the 32-byte words and the 20-byte addresses in an event's argument, lists and structs included."""
    if isinstance(value, bytes) and len(value) == WORD and is_secret_like(value):
        yield value
    elif isinstance(value, str) and len(value) == _ADDRESS_TEXT and value.startswith("0x") and int(value, 16):
        yield bytes.fromhex(value[2:])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from words_of(item)


def words_of_calldata(data: bytes) -> Iterator[bytes]:
    """Yield the same of a call: words that are no numbers and no ends of texts, and addresses without their padding."""
    for start in range(4, len(data) - WORD + 1, WORD):
        word = data[start : start + WORD]
        padding, rest = word[:-_ADDRESS], word[-_ADDRESS:]
        if is_secret_like(word):
            yield word
        elif not any(padding) and any(rest[:_SECRET_BYTES]):
            yield rest


def fetch(rpc: Rpc) -> Corpus:
    """Read the whole chain.

    Raises:
        ChainError: the endpoint does not answer, or is no node.
    """
    head = int(str(rpc.request("eth_blockNumber")), 16)
    blocks = _many(rpc, [("eth_getBlockByNumber", [hex(number), True]) for number in range(head + 1)])
    bodies = [(block, body) for block in blocks for body in block["transactions"]]
    receipts = _many(rpc, [("eth_getTransactionReceipt", [body["hash"]]) for _, body in bodies])
    transactions = [_transaction(block, body, receipt) for (block, body), receipt in zip(bodies, receipts, strict=True)]
    headers: dict[bytes, None] = {}
    for block in blocks:
        for member in ("hash", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"):
            if member in block:
                headers.setdefault(_bytes(block[member]))
        extra = _bytes(block.get("extraData", "0x"))
        for start in range(0, len(extra), WORD):
            headers.setdefault(extra[start : start + WORD])
    return corpus_of(transactions, list(headers), list(_storage(rpc, transactions)), blocks=head + 1)


def _many(rpc: Rpc, calls: Sequence[tuple[str, list[Any]]]) -> list[Json]:
    results: list[Json] = []
    for start in range(0, len(calls), _BATCH):
        results += rpc.batch(calls[start : start + _BATCH])
    if any(result is None for result in results):
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the node lacks a block or a receipt")
    return results


def _transaction(block: Json, body: Json, receipt: Json) -> Transaction:
    return Transaction(
        hash=_bytes(body["hash"]),
        block=int(block["number"], 16),
        time=int(block["timestamp"], 16),
        sender=_bytes(body["from"]),
        to=None if body.get("to") is None else _bytes(body["to"]),
        data=_bytes(body["input"]),
        gas=int(receipt["gasUsed"], 16),
        events=tuple(_event(log) for log in receipt["logs"]),
        created=None if receipt.get("contractAddress") is None else _bytes(receipt["contractAddress"]),
    )


def _event(log: Json) -> Event:
    topics, data = [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])
    for name in CONTRACTS:
        found = artifact(name).event(topics, data)
        if found is not None:
            return Event(_bytes(log["address"]), *found, tuple(topics[1:]), data)
    raw = [data[start : start + WORD] for start in range(0, len(data), WORD)]
    return Event(_bytes(log["address"]), UNKNOWN, {"data": raw}, tuple(topics[1:]), data)


def _storage(rpc: Rpc, transactions: Sequence[Transaction]) -> Iterator[tuple[bytes, bytes]]:
    """Yield (contract, word) of mappings that are keyed by what events name: values, arrays and nested mappings."""
    places: dict[tuple[bytes, int], None] = {}
    for event in (event for transaction in transactions for event in transaction.events):
        for slot in range(_SLOTS):
            key = slot.to_bytes(WORD, "big")
            for topic in event.topics:
                key = keccak(topic + key)
                for base in (int.from_bytes(key, "big"), int.from_bytes(keccak(key), "big")):
                    places.update({(event.contract, (base + offset) % (1 << 256)): None for offset in range(4)})
    wanted = list(places)[:_MAX_STORAGE_READS]
    calls: list[tuple[str, list[Any]]] = [
        ("eth_getStorageAt", ["0x" + contract.hex(), f"0x{place:064x}", "latest"]) for contract, place in wanted
    ]
    for (contract, _), value in zip(wanted, _many(rpc, calls), strict=True):
        word = _bytes(value).rjust(WORD, b"\0")
        if any(word):
            yield contract, word


def _bytes(value: Json) -> bytes:
    digits = str(value).removeprefix("0x")
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the node answered with no hexadecimal digits") from error
