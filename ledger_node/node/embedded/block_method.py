"""JSON-RPC methods about blocks, transactions, receipts and logs."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from ledger_node.node.embedded import lookup as ledger
from ledger_node.node.embedded import param
from ledger_node.node.embedded.block_seal import recover_sealer
from ledger_node.node.embedded.engine import Engine, read_header
from ledger_node.node.embedded.error import invalid_params, refused
from ledger_node.node.embedded.json_view import (
    Json,
    block_view,
    hexed,
    log_view,
    pooled_view,
    receipt_view,
    transaction_view,
)
from ledger_node.node.embedded.store import BlockRow, LogRow, TxRow

BLOB_BASE_FEE: Final = "0x1"
"""What EIP-4844 has without blobs; no transaction of this chain carries one."""
_MAX_ADDRESSES: Final = 1_000
_MAX_ALTERNATIVES: Final = 1_000
_MAX_TOPICS: Final = 4
_MAX_FEE_BLOCKS: Final = 1_024
_MAX_PERCENTILES: Final = 100
_LOG_MEMBERS: Final = frozenset({"fromBlock", "toBlock", "blockHash", "address", "topics"})
_Find: TypeAlias = Callable[[object], BlockRow | None]


class BlockMethods:
    """What can be read from the block, transaction and log tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._chain_id = engine.genesis.chain_id

    def table(self) -> dict[str, Callable[..., Any]]:
        """Return the methods by name."""
        return {
            "eth_blockNumber": lambda: hex(self._engine.head.number),
            "eth_feeHistory": self.fee_history,
            "eth_getBlockByNumber": partial(self.block, self._by_tag),
            "eth_getBlockByHash": partial(self.block, self._by_hash),
            "eth_getBlockTransactionCountByNumber": partial(self.count, self._by_tag),
            "eth_getBlockTransactionCountByHash": partial(self.count, self._by_hash),
            "eth_getTransactionByHash": self.transaction,
            "eth_getTransactionByBlockNumberAndIndex": partial(self.indexed, self._by_tag),
            "eth_getTransactionByBlockHashAndIndex": partial(self.indexed, self._by_hash),
            "eth_getTransactionReceipt": self.receipt,
            "eth_getBlockReceipts": self.block_receipts,
            "eth_getLogs": self.logs,
        }

    def _number(self, block: object, name: str = "block") -> int:
        wanted = param.block_number(block, name)
        if isinstance(wanted, int):
            return wanted
        return 0 if wanted == "earliest" else self._engine.head.number

    def _by_tag(self, block: object) -> BlockRow | None:
        return ledger.block_row(self._engine, self._number(block))

    def _by_hash(self, block_hash: object) -> BlockRow | None:
        return ledger.block_row(self._engine, param.hash32(block_hash, "blockHash"))

    def _transaction(self, row: TxRow, block: BlockRow) -> Json:
        return transaction_view(row, block.hash, read_header(block.header).timestamp, self._chain_id)

    def block(self, find: _Find, block: object, full: object) -> Json | None:
        """eth_getBlockByNumber and eth_getBlockByHash; ``pending``, ``safe`` and ``finalized`` are the last block."""
        row, with_bodies = find(block), param.boolean(full, "fullTransactions")
        if row is None:
            return None
        if with_bodies:
            bodies = ledger.block_transactions(self._engine, row.number)
            listed: list[Any] = [self._transaction(tx, row) for tx in bodies]
        else:
            listed = [hexed(tx_hash) for tx_hash in ledger.transaction_hashes(self._engine, row.number)]
        return block_view(row, read_header(row.header), listed, recover_sealer(row.hash, row.seal))

    def count(self, find: _Find, block: object) -> str | None:
        """eth_getBlockTransactionCountByNumber and eth_getBlockTransactionCountByHash."""
        row = find(block)
        return None if row is None else hex(len(ledger.transaction_hashes(self._engine, row.number)))

    def transaction(self, tx_hash: object) -> Json | None:
        """eth_getTransactionByHash; a pooled transaction has no block."""
        wanted = param.hash32(tx_hash, "transactionHash")
        pooled = self._engine.writer.pool.find(wanted)
        found = ledger.transaction_row(self._engine, wanted)
        if found is not None:
            return self._transaction(*found)
        return pooled_view(pooled.transaction, self._chain_id) if pooled is not None else None

    def indexed(self, find: _Find, block: object, index: object) -> Json | None:
        """eth_getTransactionByBlockNumberAndIndex and eth_getTransactionByBlockHashAndIndex."""
        row, place = find(block), param.quantity(index, "index")
        bodies = [] if row is None else ledger.block_transactions(self._engine, row.number)
        if row is None or place >= len(bodies):
            return None
        return self._transaction(bodies[place], row)

    def receipt(self, tx_hash: object) -> Json | None:
        """eth_getTransactionReceipt."""
        found = ledger.transaction_row(self._engine, param.hash32(tx_hash, "transactionHash"))
        if found is None:
            return None
        row, block = found
        logs = ledger.block_logs(self._engine, row.block, row.idx)
        return receipt_view(row, block.hash, read_header(block.header).timestamp, logs)

    def block_receipts(self, block: object) -> list[Json] | None:
        """eth_getBlockReceipts, by number, tag or hash."""
        wanted = param.block_tag(block, "block")
        row = ledger.block_row(self._engine, wanted if isinstance(wanted, bytes) else self._number(block))
        if row is None:
            return None
        logs: defaultdict[int, list[LogRow]] = defaultdict(list)
        for log in ledger.block_logs(self._engine, row.number):
            logs[log.tx_idx].append(log)
        timestamp = read_header(row.header).timestamp
        bodies = ledger.block_transactions(self._engine, row.number)
        return [receipt_view(tx, row.hash, timestamp, logs[tx.idx]) for tx in bodies]

    def logs(self, criteria: object) -> list[Json]:
        """eth_getLogs."""
        found = ledger.find_logs(self._engine, self._filter(criteria))
        return [
            log_view(row, block_hash, tx_hash, read_header(header).timestamp)
            for row, block_hash, header, tx_hash in found
        ]

    def _filter(self, criteria: object) -> ledger.LogFilter:
        given = param.mapping(criteria, "filter", _LOG_MEMBERS)
        if "blockHash" in given:
            if "fromBlock" in given or "toBlock" in given:
                raise invalid_params("filter must not hold both blockHash and fromBlock or toBlock")
            row = self._by_hash(given["blockHash"])
            if row is None:
                raise refused("unknown block")
            first = last = row.number
        else:
            first = self._number(given.get("fromBlock", "latest"), "filter.fromBlock")
            last = self._number(given.get("toBlock", "latest"), "filter.toBlock")
            if first > last:
                raise invalid_params("filter.fromBlock is after filter.toBlock")
            if last > self._engine.head.number:
                raise invalid_params("block range extends beyond current head block")
        return ledger.LogFilter(first, last, _addresses(given.get("address")), _topics(given.get("topics", [])))

    def fee_history(self, count: object, newest: object, percentiles: object = None) -> Json:
        """eth_feeHistory; every fee on this chain is zero."""
        if isinstance(count, int) and not isinstance(count, bool):  # some clients send a plain number
            count = hex(count) if count >= 0 else count
        wanted = param.quantity(count, "blockCount")
        if not 1 <= wanted <= _MAX_FEE_BLOCKS:
            raise invalid_params(f"blockCount must be from 1 to {_MAX_FEE_BLOCKS}")
        marks = [] if percentiles is None else param.percentiles(percentiles, "rewardPercentiles", _MAX_PERCENTILES)
        head, last = self._engine.head.number, self._number(newest, "newestBlock")
        if last > head:
            raise refused(f"request beyond head block: requested {last}, head {head}")
        first = max(0, last - wanted + 1)
        headers = [ledger.header_at(self._engine, number) for number in range(first, last + 1)]
        history: Json = {
            "oldestBlock": hex(first),
            "baseFeePerGas": ["0x0"] * (len(headers) + 1),
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "baseFeePerBlobGas": [BLOB_BASE_FEE] * (len(headers) + 1),
            "blobGasUsedRatio": [0.0] * len(headers),
        }
        if marks:
            history["reward"] = [["0x0"] * len(marks) for _ in headers]
        return history


def _addresses(value: object) -> tuple[bytes, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (param.address(value, "filter.address"),)
    listed = param.listing(value, "filter.address", _MAX_ADDRESSES)
    return tuple(param.address(item, "filter.address") for item in listed)


def _topics(value: object) -> tuple[tuple[bytes, ...], ...]:
    positions: list[tuple[bytes, ...]] = []
    for position, item in enumerate(param.listing(value, "filter.topics", _MAX_TOPICS)):
        name = f"filter.topics[{position}]"
        alternatives = param.listing(item, name, _MAX_ALTERNATIVES) if isinstance(item, list) else [item]
        any_value = None in alternatives
        positions.append(() if any_value else tuple(param.hash32(topic, name) for topic in alternatives))
    return tuple(positions)
