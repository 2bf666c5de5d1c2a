"""One block in the making: transactions go in, everything to be stored comes out."""

from typing import Final, NamedTuple, cast

import rlp
from eth.abc import ComputationAPI, ReceiptAPI
from eth.constants import BLANK_ROOT_HASH
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_utils.exceptions import ValidationError

from ledger_node.node.embedded.block_seal import Sealer
from ledger_node.node.embedded.database import NodeDB
from ledger_node.node.embedded.error import RpcError, refused
from ledger_node.node.embedded.state.state import NodeState
from ledger_node.node.embedded.state.trie import length_prefix, update
from ledger_node.node.embedded.store import BlockRow, LogRow, TxRow
from ledger_node.node.embedded.transaction import Transaction

BLOCK_GAS_TARGET: Final = 30_000_000
"""Once a block has used this much it is closed (about one second of work), so that nobody waits long."""
_SUCCESS: Final = b"\x01"


class BuiltBlock(NamedTuple):
    """What :meth:`.store.Store.write_block` takes, and the header it is about."""

    header: CancunBlockHeader
    row: BlockRow
    nodes: list[tuple[bytes, bytes]]
    transactions: list[TxRow]
    logs: list[LogRow]


def _rlp_length(payload: int) -> int:
    """Return the length of an RLP list or string whose payload has ``payload`` bytes."""
    return len(length_prefix(payload)) + payload


def _block_size(header: bytes, transactions: list[TxRow]) -> int:
    bodies = sum(len(tx.raw) if tx.raw[0] >= 0xC0 else _rlp_length(len(tx.raw)) for tx in transactions)  # noqa: PLR2004 - RLP's first byte of a list
    return _rlp_length(len(header) + _rlp_length(bodies) + 2)


def _list_root(items: list[bytes]) -> bytes:
    """Return the root of the trie from RLP(index) to item, as headers hold it."""
    none_stored: dict[bytes, bytes] = {}
    listed = {rlp.encode(n): item for n, item in enumerate(items)}
    return update(none_stored.__getitem__, BLANK_ROOT_HASH, listed)[0]


class BlockBuilder:
    """Applies transactions on top of a parent block and finishes the block once."""

    def __init__(self, header: CancunBlockHeader, state: NodeState, database: NodeDB, sealer: Sealer) -> None:
        self.state = state
        self._header = header
        self._database = database
        self._sealer = sealer
        self._gas_used = 0
        self._bloom = 0
        self._receipts: list[ReceiptAPI] = []
        self._rows: list[TxRow] = []
        self._logs: list[LogRow] = []

    def __len__(self) -> int:
        return len(self._rows)

    def fits(self, gas: int) -> bool:
        """Tell whether a transaction with this gas limit may still go in.

        The sum stays within half of the block gas limit: then the next base fee is 0 (EIP-1559).
        """
        if not self._rows:
            return True
        return self._gas_used < BLOCK_GAS_TARGET and self._gas_used + gas <= self._header.gas_limit // 2

    def apply(self, transaction: Transaction) -> None:
        """Execute a transaction; a revert counts as applied.

        Whatever is raised, the state and the block are as before.

        Raises:
            RpcError: the transaction is invalid in this state.
        """
        state = self.state
        state.lock_changes()
        snapshot = state.snapshot()
        try:
            computation = state.apply_transaction(transaction.evm)
            row, receipt, logs = self._outcome(transaction, computation)
        except ValidationError as error:
            state.revert(snapshot)
            raise _refusal(transaction, state, error) from error
        except BaseException:
            state.revert(snapshot)
            raise
        state.commit(snapshot)
        self._gas_used = row.cumulative_gas
        self._bloom |= int(receipt.bloom)
        self._receipts.append(receipt)
        self._rows.append(row)
        self._logs.extend(logs)

    def _outcome(self, transaction: Transaction, computation: ComputationAPI) -> tuple[TxRow, ReceiptAPI, list[LogRow]]:
        """Return what the block gains by an executed transaction."""
        used = CancunVM.finalize_gas_used(transaction.evm, computation)
        entries = computation.get_log_entries()
        status = _SUCCESS if computation.is_success else b""
        receipt = transaction.evm.make_receipt(status, self._gas_used + used, entries)
        number, index = self._header.block_number, len(self._rows)
        row = TxRow(
            transaction.hash,
            number,
            index,
            transaction.raw,
            transaction.sender,
            transaction.to,
            bytes(computation.msg.storage_address) if transaction.to is None else None,
            int(computation.is_success),
            used,
            self._gas_used + used,
        )
        logs = []
        for place, (address, topics, data) in enumerate(entries, len(self._logs)):
            words = [topic.to_bytes(32, "big") for topic in topics]
            one, two, three, four = (*words, None, None, None, None)[:4]
            logs.append(LogRow(number, place, index, address, one, two, three, four, data))
        return row, receipt, logs

    def finish(self) -> BuiltBlock:
        """Compute the roots and sign the header; the builder is spent."""
        self.state.persist()
        header = cast(
            "CancunBlockHeader",
            self._header.copy(
                state_root=self.state.state_root,
                transaction_root=_list_root([tx.raw for tx in self._rows]),
                receipt_root=_list_root([receipt.encode() for receipt in self._receipts]),
                bloom=self._bloom,
                gas_used=self._gas_used,
            ),
        )
        encoded: bytes = rlp.encode(header)
        seal, size = self._sealer.seal(header.hash), _block_size(encoded, self._rows)
        row = BlockRow(header.block_number, header.hash, encoded, seal, size)
        return BuiltBlock(header, row, list(self._database.items()), self._rows, self._logs)


def _refusal(transaction: Transaction, state: NodeState, error: ValidationError) -> RpcError:
    price = state.get_gas_price(transaction.evm)
    cost = max(price, transaction.evm.max_fee_per_gas) * transaction.evm.gas + transaction.evm.value
    have = state.get_balance(transaction.evm.sender)
    if have < cost:
        return refused(f"insufficient funds for gas * price + value: balance {have}, tx cost {cost}")
    return refused(f"the transaction cannot be applied: {error}")
