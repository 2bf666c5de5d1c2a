"""What is public: every block, transaction, receipt, log and storage word that JSON-RPC gives anybody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from eth_abi.exceptions import DecodingError, NoEntriesFound

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.error import ChainError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason

Json: TypeAlias = Any
WORD: Final = 32
_BATCH: Final = 500
_MAX_STORAGE_READS: Final = 40_000
_SLOTS: Final = 4
_SECRET_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log; ``topics`` are the indexed words behind the event's own."""

    contract: bytes
    name: str
    args: dict[str, Any]
    topics: tuple[bytes, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything public. ``words``: every 32-byte string of the chain, with the place it was first seen at."""

    transactions: Sequence[Transaction]
    words: dict[bytes, str]
    blocks: int = 0
    storage_words: int = 0
    publics: dict[bytes, str] = field(default_factory=dict)

    def events(self, name: str) -> Iterator[tuple[Transaction, Event]]:
        """Yield all events of one name, in the order of the chain."""
        for transaction in self.transactions:
            for event in transaction.events:
                if event.name == name:
                    yield transaction, event

    @property
    def ids(self) -> dict[bytes, str]:
        """Words that look drawn or hashed (no long run of zeros), with what they are; candidates for salts."""
        return {word: place for word, place in self.words.items() if is_secret_like(word)}


def is_secret_like(word: bytes) -> bool:
    """Return whether a word is no small number and no padded address."""
    return any(word[:_SECRET_BYTES]) and any(word[-_SECRET_BYTES:])


def corpus_of(transactions: Sequence[Transaction], more: dict[bytes, str] | None = None, *, blocks: int = 0) -> Corpus:
    """Return the corpus of ``transactions`` and ``more`` words (of blocks, of storage)."""
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
                _add_value(words, value, f"{event.name}.{name}")
        words.setdefault(transaction.hash, "transaction hash")
    for word, place in (more or {}).items():
        words.setdefault(word, place)
    publics |= {word: place for word, place in words.items() if is_secret_like(word) and "." in place}
    stored = sum(place == "storage" for place in (more or {}).values())
    return Corpus(transactions, words, blocks, stored, publics)


def _add_value(words: dict[bytes, str], value: Json, place: str) -> None:
    if isinstance(value, bytes) and len(value) == WORD:
        words.setdefault(value, place)
    elif isinstance(value, list | tuple):
        for item in value:
            _add_value(words, item, place)


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
    more: dict[bytes, str] = {}
    for block in blocks:
        for member in ("hash", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"):
            if member in block:
                more.setdefault(_bytes(block[member]), "block header")
        extra = _bytes(block.get("extraData", "0x"))
        for start in range(0, len(extra) - WORD + 1, WORD):
            more.setdefault(extra[start : start + WORD], "block header")
    for value in _storage(rpc, transactions):
        more.setdefault(value, "storage")
    return corpus_of(transactions, more, blocks=head + 1)


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
    )


def _event(log: Json) -> Event:
    topics, data = [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])
    for name in CONTRACTS:
        try:
            found = artifact(name).event(topics, data)
        except (NoEntriesFound, DecodingError):  # structs, which proposals of the council carry
            break
        if found is not None:
            return Event(_bytes(log["address"]), found[0], found[1], tuple(topics[1:]))
    raw = [data[start : start + WORD] for start in range(0, len(data), WORD)]
    return Event(_bytes(log["address"]), "unknown", {"data": raw}, tuple(topics[1:]))


def _storage(rpc: Rpc, transactions: Sequence[Transaction]) -> Iterator[bytes]:
    """Yield the words of mappings that are keyed by what events name: values, arrays and nested mappings."""
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
    for value in _many(rpc, calls):
        word = _bytes(value).rjust(WORD, b"\0")
        if any(word):
            yield word


def _bytes(value: Json) -> bytes:
    digits = str(value).removeprefix("0x")
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the node answered with no hexadecimal digits") from error
