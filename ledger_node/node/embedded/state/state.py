"""The EVM at a block: py-evm's Cancun state with the block environment of this chain.

We use py-evm's state, opcodes and transaction executor, and build headers ourselves. Its ``Chain`` classes
are left out: they would import each of our own blocks a second time, recover each sender three times, and
demand that a block's timestamp be greater than its parent's. Here it may be equal, so that many blocks a
second never push the block time ahead of the wall clock (consents expire by block time).
"""

from collections.abc import Iterable
from typing import cast

from eth.abc import AtomicDatabaseAPI, SignedTransactionAPI, TransientStorageAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_UNCLE_HASH, POST_MERGE_NONCE, ZERO_HASH32
from eth.typing import JournalDBCheckpoint
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.cancun.state import CancunState, CancunTransactionExecutor
from eth_typing import Address, BlockNumber, Hash32
from typing_extensions import override

from ledger_node.node.embedded.database import NodeDB
from ledger_node.node.embedded.state.account_state import Journal, NodeAccountDB
from ledger_node.node.embedded.state.computation import NodeComputation


class NodeTransientStorage(TransientStorageAPI):
    """EIP-1153 storage in the journal of the accounts, which marks and rewinds it."""

    def __init__(self, journal: Journal) -> None:
        self._values: dict[tuple[bytes, int], bytes] = {}
        self._journal = journal

    @override
    def record(self, checkpoint: JournalDBCheckpoint) -> None:
        """Do nothing: the accounts' checkpoint covers it."""

    @override
    def commit(self, snapshot: JournalDBCheckpoint) -> None:
        """Do nothing: changes are in place already."""

    @override
    def discard(self, snapshot: JournalDBCheckpoint) -> None:
        """Do nothing: the accounts' checkpoint covers it."""

    @override
    def clear(self) -> None:
        self._values.clear()

    @override
    def get_transient_storage(self, address: Address, slot: int) -> bytes:
        return self._values.get((address, slot), b"")

    @override
    def set_transient_storage(self, address: Address, slot: int, value: bytes) -> None:
        self._journal.put(self._values, (address, slot), value)


class NodeTransactionExecutor(CancunTransactionExecutor):
    """Applies transactions whose signature and intrinsic gas were checked when they came in."""

    @override
    def validate_transaction(self, transaction: SignedTransactionAPI) -> None:
        self.vm_state.validate_transaction(transaction)


class NodeState(CancunState):
    """Cancun, executing transactions that :mod:`.transaction` has already accepted."""

    account_db_class = NodeAccountDB
    computation_class = NodeComputation
    transaction_executor_class = NodeTransactionExecutor

    @property
    @override
    def transient_storage(self) -> TransientStorageAPI:
        if self._transient_storage is None:
            self._transient_storage = NodeTransientStorage(cast("NodeAccountDB", self._account_db).journal)
        return self._transient_storage

    @override
    def set_system_contracts(self) -> None:
        """Do nothing: this chain has no beacon chain and no system contract."""


def next_header(parent: CancunBlockHeader, timestamp: int, coinbase: bytes) -> CancunBlockHeader:
    """Return the header of the block after ``parent``, before execution.

    The timestamp is the greater of ``timestamp`` and the parent's (it may be equal to the parent's).
    """
    return CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(parent.block_number + 1),
        gas_limit=parent.gas_limit,
        timestamp=max(timestamp, parent.timestamp),
        coinbase=Address(coinbase),
        parent_hash=parent.hash,
        state_root=parent.state_root,
        nonce=POST_MERGE_NONCE,
    )


def genesis_header(timestamp: int, gas_limit: int, coinbase: bytes) -> CancunBlockHeader:
    """Return block 0: no account, no balance."""
    return CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(0),
        gas_limit=gas_limit,
        timestamp=timestamp,
        coinbase=Address(coinbase),
        parent_hash=ZERO_HASH32,
        uncles_hash=EMPTY_UNCLE_HASH,
        state_root=BLANK_ROOT_HASH,
        nonce=POST_MERGE_NONCE,
    )


def state_at(database: NodeDB, header: CancunBlockHeader, chain_id: int, ancestors: Iterable[Hash32]) -> NodeState:
    """Return a state that starts from ``header.state_root`` in the block environment of ``header``.

    ``ancestors`` are the hashes of the blocks before it, newest first, for the BLOCKHASH opcode.
    """
    context = ExecutionContext(
        coinbase=header.coinbase,
        timestamp=header.timestamp,
        block_number=header.block_number,
        difficulty=0,
        mix_hash=Hash32(header.mix_hash),
        gas_limit=header.gas_limit,
        prev_hashes=ancestors,
        chain_id=chain_id,
        base_fee_per_gas=0,
        excess_blob_gas=0,
    )
    return NodeState(cast("AtomicDatabaseAPI", database), context, header.state_root)
