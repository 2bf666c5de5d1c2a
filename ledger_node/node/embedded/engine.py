"""The engine: a chain file, its head, and the writer that extends it."""

import json
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Self, cast

import rlp
from eth.constants import BLANK_ROOT_HASH
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_typing import Hash32

from ledger_node import clock
from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.block_builder import BlockBuilder, BuiltBlock
from ledger_node.node.embedded.block_seal import Sealer, check_fast_cryptography
from ledger_node.node.embedded.database import NodeDB, StoredNodes
from ledger_node.node.embedded.error import NOT_AUTHORIZED, NodeError, NodeReason, RpcError
from ledger_node.node.embedded.genesis import Genesis, address_list
from ledger_node.node.embedded.state.state import NodeState, genesis_header, next_header, state_at
from ledger_node.node.embedded.store import BlockRow, Store, readable
from ledger_node.node.embedded.transaction import read_transaction
from ledger_node.node.embedded.transaction_pool import SubmissionResult
from ledger_node.node.embedded.writer import Ports, Writer

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
    return cast("CancunBlockHeader", rlp.decode(encoded, sedes=CancunBlockHeader))


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
        self.nodes = StoredNodes(store.node)
        self.allowlist = _stored_allowlist(store)
        """Addresses that may send transactions, as 0x-prefixed lower-case hex."""
        self.head = _stored_head(store)
        self.writer = Writer(Ports(self._start_block, self._store, store.has_transaction, self.require_allowed))

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
            with readable(Path(path)):
                genesis = Genesis.from_json(store.meta("genesis"))
                return cls(store, genesis, _sealer_of(genesis, sealer_key), now)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Store the block in the making, refuse what comes after, let go of the file."""
        self.writer.stop()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_healthy(self) -> bool:
        """Whether blocks can still be made."""
        return not self.writer.failed

    def set_allowlist(self, addresses: Collection[str]) -> None:
        """Replace the allowlist durably; it holds from the next block on.

        Raises:
            NodeError: ``genesis_invalid`` if one is not an address.
        """
        wanted = address_list(list(addresses))
        if self.writer.failed:
            raise NodeError(NodeReason.WRITER_STOPPED, "the writer has stopped; open the chain again")
        with self.writer.guard:
            self.store.set_meta("allowlist", list(wanted))
            self.allowlist = wanted

    def require_allowed(self, sender: bytes) -> None:
        """Require that an account may send transactions.

        Raises:
            RpcError: as Besu words it.
        """
        if "0x" + sender.hex() not in self.allowlist:
            raise RpcError(NOT_AUTHORIZED, "Sender account not authorized to send transactions")

    def submit_later(self, raw: bytes) -> SubmissionResult:
        """Check and queue a raw transaction; the result gives its hash once it is stored.

        Behind a nonce gap it answers once the transaction is pooled; one that is mined already is a success.

        Raises:
            RpcError: worded as geth words it; -32007 for a sender outside the allowlist.
        """
        transaction = read_transaction(raw, self.genesis.chain_id, self.genesis.gas_limit // 2)
        self.require_allowed(transaction.sender)
        return self.writer.submit(transaction)

    def submit(self, raw: bytes) -> bytes:
        """Do as :meth:`submit_later` and wait; return the transaction hash."""
        return self.submit_later(raw).result()

    def state(self, header: CancunBlockHeader) -> NodeState:
        """Return a fresh state at the end of ``header``'s block, in its environment; never stored."""
        return self._state(NodeDB(self.nodes), header)

    def _state(self, database: NodeDB, header: CancunBlockHeader) -> NodeState:
        return state_at(database, header, self.genesis.chain_id, self._ancestors(header.block_number))

    def pending_header(self) -> CancunBlockHeader:
        """Return the header that a block made now would start from."""
        return next_header(self.head.header, self._now(), self._sealer.address)

    def _ancestors(self, number: int) -> Iterator[Hash32]:
        query = "SELECT hash FROM block WHERE number < ? ORDER BY number DESC LIMIT ?"
        yield from (Hash32(block_hash) for (block_hash,) in self.store.rows(query, number, _ANCESTORS))

    def _start_block(self) -> BlockBuilder:
        header, database = self.pending_header(), NodeDB(self.nodes)
        return BlockBuilder(header, self._state(database, header), database, self._sealer)

    def _store(self, block: BuiltBlock) -> None:
        self.store.write_block(block.row, block.nodes, block.transactions, block.logs)
        for key, value in block.nodes:
            self.nodes.put(key, value)
        self.head = Head(block.row.number, block.row.hash, block.header)


def _stored_allowlist(store: Store) -> tuple[str, ...]:
    try:
        return address_list(json.loads(store.meta("allowlist")))
    except (ValueError, NodeError) as error:
        raise NodeError(NodeReason.CHAIN_CORRUPT, "the stored allowlist cannot be read") from error


def _stored_head(store: Store) -> Head:
    rows = store.rows("SELECT number, hash, header FROM block ORDER BY number DESC LIMIT 1")
    if not rows:
        raise NodeError(NodeReason.CHAIN_CORRUPT, "the chain file holds no block")
    number, block_hash, encoded = rows[0]
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
