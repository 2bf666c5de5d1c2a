"""The engine: a chain file, its head, and the writer that extends it."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Self

import rlp
from eth.constants import BLANK_ROOT_HASH
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_typing import Hash32

from ledger_node import clock
from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.block_builder import BlockBuilder, BuiltBlock
from ledger_node.node.embedded.block_seal import Sealer
from ledger_node.node.embedded.cryptography import check_fast_cryptography
from ledger_node.node.embedded.database import NodeCache, NodeDB
from ledger_node.node.embedded.error import NodeError, NodeReason
from ledger_node.node.embedded.genesis import Genesis, address_list
from ledger_node.node.embedded.state.state import NodeState, genesis_header, next_header, state_at
from ledger_node.node.embedded.store import BlockRow, Store
from ledger_node.node.embedded.transaction import Transaction, read_transaction
from ledger_node.node.embedded.transaction_pool import SubmissionResult, TransactionPool
from ledger_node.node.embedded.writer import Ports, Writer, unauthorized, writer_stopped

_ANCESTORS: Final = 256
_HEADERS_KEPT: Final = 64
"""A block is mostly asked about when it is new, and then several times."""


class Head(NamedTuple):
    """A stored header."""

    number: int
    hash: bytes
    header: CancunBlockHeader


@lru_cache(maxsize=_HEADERS_KEPT)
def read_header(encoded: bytes) -> CancunBlockHeader:
    """Return the header of its RLP."""
    header: CancunBlockHeader = rlp.decode(encoded, sedes=CancunBlockHeader)
    return header


class Engine:
    """A running chain. Opening it reads the last block only, whatever the length of the chain.

    A block's timestamp is the greater of the clock and its parent's timestamp. Unlike in Ethereum it may be
    equal to the parent's, so that it never runs ahead of the wall clock.
    """

    def __init__(self, store: Store, genesis: Genesis, sealer: Sealer, now: Callable[[], int] = clock.now) -> None:
        self.store = store
        self.genesis = genesis
        self._sealer = sealer
        self._now = now
        self._cache = NodeCache()
        self._database = NodeDB(self._cache, store.node)
        self._allowlist = _stored_allowlist(store)
        self.head = _stored_head(store)
        ports = Ports(self._start_block, self._finish, self._store, store.has_transaction, self.is_allowed)
        self._writer = Writer(ports)
        self._writer.start()

    @classmethod
    def create(cls, path: str | Path, genesis: Genesis, sealer_key: bytes) -> Self:
        """Make a chain file with block 0 and run it.

        Args:
            path: where the SQLite file goes; its lock file and its log lie beside it.
            genesis: the parameters of the chain.
            sealer_key: 32-byte private key of ``genesis.sealer``.

        Raises:
            NodeError: ``chain_exists``, ``chain_locked``, ``sealer_invalid`` or ``slow_cryptography``.
        """
        check_fast_cryptography()
        sealer = _sealer_of(genesis, sealer_key)
        meta = {"genesis": genesis.to_json(), "allowlist": json.dumps(list(genesis.allowlist))}
        header = genesis_header(genesis.timestamp, genesis.gas_limit, sealer.address)
        encoded: bytes = rlp.encode(header)
        size = len(encoded) + 6  # the block's list header of 3 bytes, and three empty lists
        row = BlockRow(0, header.hash, encoded, sealer.seal(header.hash), size)
        store = Store.create(Path(path), meta, row)
        return cls(store, genesis, sealer)

    @classmethod
    def open(cls, path: str | Path, sealer_key: bytes, now: Callable[[], int] = clock.now) -> Self:
        """Run an existing chain file from its last block.

        Raises:
            NodeError: ``chain_missing``, ``chain_locked``, ``chain_format``, ``chain_corrupt``,
                ``sealer_invalid`` or ``slow_cryptography``.
        """
        check_fast_cryptography()
        store = Store.open(Path(path))
        try:
            genesis = Genesis.from_json(store.meta("genesis"))
            return cls(store, genesis, _sealer_of(genesis, sealer_key), now)
        except sqlite3.DatabaseError as error:
            store.close()
            raise NodeError(NodeReason.CHAIN_CORRUPT, f"{path} cannot be read: {error}") from error
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Store the block in the making, refuse what comes after, let go of the file."""
        self._writer.stop()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_healthy(self) -> bool:
        """Whether blocks can still be made."""
        return not self._writer.failed

    def when_failed(self, then: Callable[[], None]) -> None:
        """Have something done when a block could not be stored and no more are made; from the writer's thread."""
        self._writer.when_failed = then

    @property
    def pool(self) -> TransactionPool:
        """The transactions that wait."""
        return self._writer.pool

    @property
    def allowlist(self) -> tuple[str, ...]:
        """Addresses that may send transactions, as 0x-prefixed lower-case hex."""
        return tuple("0x" + address.hex() for address in self._allowlist)

    def set_allowlist(self, addresses: Collection[str]) -> None:
        """Replace the allowlist durably; it holds from the next block on.

        Raises:
            NodeError: ``genesis_invalid`` if one is not an address.
        """
        wanted = address_list(list(addresses))
        if self._writer.failed:
            raise writer_stopped()
        with self._writer.guard:
            self.store.set_meta("allowlist", list(wanted))
            self._allowlist = _addresses(wanted)

    def is_allowed(self, sender: bytes) -> bool:
        """Tell whether an account may send transactions."""
        return sender in self._allowlist

    def submit_later(self, raw: bytes) -> SubmissionResult:
        """Check and queue a raw transaction; the result gives its hash once it is stored.

        Behind a nonce gap it answers once the transaction is pooled; one that is mined already is a success.

        Raises:
            RpcError: worded as geth words it; -32007 for a sender outside the allowlist.
        """
        transaction = self.read(raw)
        if not self.is_allowed(transaction.sender):
            raise unauthorized()
        return self._writer.submit(transaction)

    def submit(self, raw: bytes) -> bytes:
        """Do as :meth:`submit_later` and wait; return the transaction hash."""
        return self.submit_later(raw).result()

    def read(self, raw: bytes) -> Transaction:
        """Decode and check a raw transaction as far as that needs no state."""
        return read_transaction(raw, self.genesis.chain_id, self.genesis.gas_limit // 2)

    def state(self, header: CancunBlockHeader) -> NodeState:
        """Return a fresh state at the end of ``header``'s block, in its environment; never stored."""
        database = NodeDB(self._cache, self.store.node)
        return state_at(database, header, self.genesis.chain_id, self._ancestors(header.block_number))

    def database(self) -> NodeDB:
        """Return a view of all stored trie nodes and code."""
        return NodeDB(self._cache, self.store.node)

    def pending_header(self) -> CancunBlockHeader:
        """Return the header that a block made now would start from."""
        return next_header(self.head.header, self._now(), self._sealer.address)

    def _ancestors(self, number: int) -> Iterator[Hash32]:
        with self.store.reader() as connection:
            rows = connection.execute(
                "SELECT hash FROM block WHERE number < ? ORDER BY number DESC LIMIT ?", (number, _ANCESTORS)
            ).fetchall()
        for (block_hash,) in rows:
            yield Hash32(block_hash)

    def _start_block(self) -> BlockBuilder:
        header = self.pending_header()
        self._database.pending = {}
        state = state_at(self._database, header, self.genesis.chain_id, self._ancestors(header.block_number))
        return BlockBuilder(header, state, self._database)

    def _finish(self, builder: BlockBuilder) -> BuiltBlock:
        return builder.finish(self._sealer)

    def _store(self, block: BuiltBlock) -> None:
        self.store.write_block(block.row, block.nodes, block.transactions, block.logs)
        self._database.move_to_cache()
        self.head = Head(block.row.number, block.row.hash, block.header)


def _addresses(addresses: Collection[str]) -> dict[bytes, None]:
    return dict.fromkeys(bytes.fromhex(address[2:]) for address in addresses)


def _stored_allowlist(store: Store) -> dict[bytes, None]:
    try:
        return _addresses(address_list(json.loads(store.meta("allowlist"))))
    except (ValueError, NodeError) as error:
        raise NodeError(NodeReason.CHAIN_CORRUPT, "the stored allowlist cannot be read") from error


def _stored_head(store: Store) -> Head:
    with store.reader() as connection:
        row = connection.execute("SELECT number, hash, header FROM block ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        raise NodeError(NodeReason.CHAIN_CORRUPT, "the chain file holds no block")
    number, block_hash, encoded = row
    if keccak(encoded) != block_hash:
        raise NodeError(NodeReason.CHAIN_CORRUPT, f"the hash of block {number} is not that of its header")
    header = read_header(encoded)
    if header.state_root != BLANK_ROOT_HASH and store.node(header.state_root) is None:
        raise NodeError(NodeReason.CHAIN_CORRUPT, f"the state of block {number} is missing")
    return Head(number, block_hash, header)


def _sealer_of(genesis: Genesis, key: bytes) -> Sealer:
    sealer = Sealer(key)
    if "0x" + sealer.address.hex() != genesis.sealer:
        raise NodeError(NodeReason.SEALER_INVALID, f"the sealer key is not that of {genesis.sealer}")
    return sealer
