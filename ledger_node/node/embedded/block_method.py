"""JSON-RPC methods about blocks, transactions, receipts and logs."""

from collections import defaultdict
from typing import Any, Final

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
from ledger_node.node.embedded.method import Method
from ledger_node.node.embedded.store import BlockRow, LogRow, TxRow

BLOB_BASE_FEE: Final = "0x1"
"""What EIP-4844 has without blobs; no transaction of this chain carries one."""
_MAX_ADDRESSES: Final = 1_000
_MAX_ALTERNATIVES: Final = 1_000
_MAX_TOPICS: Final = 4
_MAX_FEE_BLOCKS: Final = 1_024
_MAX_PERCENTILES: Final = 100
_LOG_MEMBERS: Final = frozenset({"fromBlock", "toBlock", "blockHash", "address", "topics"})


class BlockMethods:
    """What can be read from the block, transaction and log tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._chain_id = engine.genesis.chain_id

    def table(self) -> dict[str, Method]:
        """Return the methods by name."""
        return {
            "eth_blockNumber": Method(lambda: hex(self._engine.head.number)),
            "eth_feeHistory": Method(self.fee_history, 2, 3),
            "eth_getBlockByNumber": Method(self.block_by_number, 2, 2),
            "eth_getBlockByHash": Method(self.block_by_hash, 2, 2),
            "eth_getBlockTransactionCountByNumber": Method(self.count_by_number, 1, 1),
            "eth_getBlockTransactionCountByHash": Method(self.count_by_hash, 1, 1),
            "eth_getTransactionByHash": Method(self.transaction, 1, 1),
            "eth_getTransactionByBlockNumberAndIndex": Method(self.transaction_by_number, 2, 2),
            "eth_getTransactionByBlockHashAndIndex": Method(self.transaction_by_block_hash, 2, 2),
            "eth_getTransactionReceipt": Method(self.receipt, 1, 1),
            "eth_getBlockReceipts": Method(self.block_receipts, 1, 1),
            "eth_getLogs": Method(self.logs, 1, 1),
        }

    def _row(self, block: int | bytes) -> BlockRow | None:
        return ledger.block_row(self._engine, block)

    def _number(self, block: object, name: str = "block") -> int:
        wanted = param.block_number(block, name)
        if isinstance(wanted, int):
            return wanted
        return 0 if wanted == "earliest" else self._engine.head.number

    def _by_tag(self, block: object) -> BlockRow | None:
        return self._row(self._number(block))

    def _by_hash(self, block_hash: object) -> BlockRow | None:
        return self._row(param.hash32(block_hash, "blockHash"))

    def _transaction(self, row: TxRow, block: BlockRow) -> Json:
        return transaction_view(row, block.hash, read_header(block.header).timestamp, self._chain_id)

    def _block(self, row: BlockRow | None, full: object) -> Json | None:
        with_bodies = param.boolean(full, "fullTransactions")
        if row is None:
            return None
        if with_bodies:
            bodies = ledger.block_transactions(self._engine, row.number)
            listed: list[Any] = [self._transaction(tx, row) for tx in bodies]
        else:
            listed = [hexed(tx_hash) for tx_hash in ledger.transaction_hashes(self._engine, row.number)]
        return block_view(row, read_header(row.header), listed, recover_sealer(row.hash, row.seal))

    def block_by_number(self, block: object, full: object) -> Json | None:
        """eth_getBlockByNumber; ``pending``, ``safe`` and ``finalized`` are the last block."""
        return self._block(self._by_tag(block), full)

    def block_by_hash(self, block_hash: object, full: object) -> Json | None:
        """eth_getBlockByHash."""
        return self._block(self._by_hash(block_hash), full)

    def _count(self, row: BlockRow | None) -> str | None:
        return None if row is None else hex(len(ledger.transaction_hashes(self._engine, row.number)))

    def count_by_number(self, block: object) -> str | None:
        """eth_getBlockTransactionCountByNumber."""
        return self._count(self._by_tag(block))

    def count_by_hash(self, block_hash: object) -> str | None:
        """eth_getBlockTransactionCountByHash."""
        return self._count(self._by_hash(block_hash))

    def transaction(self, tx_hash: object) -> Json | None:
        """eth_getTransactionByHash; a pooled transaction has no block."""
        wanted = param.hash32(tx_hash, "transactionHash")
        pooled = self._engine.pool.find(wanted)
        found = ledger.transaction_row(self._engine, wanted)
        if found is not None:
            return self._transaction(*found)
        return pooled_view(pooled.transaction, self._chain_id) if pooled is not None else None

    def _indexed(self, row: BlockRow | None, index: object) -> Json | None:
        place = param.quantity(index, "index")
        bodies = [] if row is None else ledger.block_transactions(self._engine, row.number)
        if row is None or place >= len(bodies):
            return None
        return self._transaction(bodies[place], row)

    def transaction_by_number(self, block: object, index: object) -> Json | None:
        """eth_getTransactionByBlockNumberAndIndex."""
        return self._indexed(self._by_tag(block), index)

    def transaction_by_block_hash(self, block_hash: object, index: object) -> Json | None:
        """eth_getTransactionByBlockHashAndIndex."""
        return self._indexed(self._by_hash(block_hash), index)

    def receipt(self, tx_hash: object) -> Json | None:
        """eth_getTransactionReceipt."""
        found = ledger.transaction_row(self._engine, param.hash32(tx_hash, "transactionHash"))
        if found is None:
            return None
        row, block = found
        logs = ledger.transaction_logs(self._engine, row.block, row.idx)
        return receipt_view(row, block.hash, read_header(block.header).timestamp, logs)

    def block_receipts(self, block: object) -> list[Json] | None:
        """eth_getBlockReceipts, by number, tag or hash."""
        wanted = param.block_tag(block, "block")
        row = self._row(wanted if isinstance(wanted, bytes) else self._number(block))
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
        stamps: dict[int, int] = {}
        views = []
        for row, block_hash, header, tx_hash in found:
            stamp = stamps.get(row.block)
            if stamp is None:
                stamp = stamps[row.block] = read_header(header).timestamp
            views.append(log_view(row, block_hash, tx_hash, stamp))
        return views

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
        rows = [self._row(number) for number in range(first, last + 1)]
        headers = [read_header(row.header) for row in rows if row is not None]
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
        if item is None:
            positions.append(())
        elif isinstance(item, list):
            alternatives = param.listing(item, name, _MAX_ALTERNATIVES)
            any_value = None in alternatives
            positions.append(() if any_value else tuple(param.hash32(topic, name) for topic in alternatives))
        else:
            positions.append((param.hash32(item, name),))
    return tuple(positions)
