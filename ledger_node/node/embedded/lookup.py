"""Looks up stored blocks, transactions and logs."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth.vm.forks.cancun.blocks import CancunBlockHeader

from ledger_node.node.embedded.engine import Engine, read_header
from ledger_node.node.embedded.error import LIMIT_EXCEEDED, RpcError, refused
from ledger_node.node.embedded.store import BlockRow, LogRow, TxRow

MAX_LOGS: Final = 50_000
MAX_LOG_BYTES: Final = 32 * 1024 * 1024
_TX_COLUMNS: Final = (
    "tx.hash, tx.block, tx.idx, tx.raw, tx.sender, tx.recipient, tx.contract, tx.status, tx.gas_used, tx.cumulative_gas"
)
_BLOCK_COLUMNS: Final = "block.number, block.hash, block.header, block.seal, block.size"
_LOG_COLUMNS: Final = (
    "log.block, log.log_idx, log.tx_idx, log.address, log.topic0, log.topic1, log.topic2, log.topic3, log.data"
)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What eth_getLogs asks for.

    Attributes:
        addresses: any of these contracts; empty means all.
        topics: a tuple of alternatives for each position; empty means any value.
    """

    first: int
    last: int
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]


def block_row(engine: Engine, block: int | bytes) -> BlockRow | None:
    """Return a block by its number or hash."""
    column = "number" if isinstance(block, int) else "hash"
    query = f"SELECT {_BLOCK_COLUMNS} FROM block WHERE {column}=?"  # nosec B608 # noqa: S608 - fixed words only
    rows = engine.store.rows(query, _clamp(block))
    return BlockRow(*rows[0]) if rows else None


def _clamp(block: int | bytes) -> int | bytes:
    """Keep a number within what SQLite can compare; no block has such a number."""
    return min(block, 2**63 - 1) if isinstance(block, int) else block


def header_at(engine: Engine, block: str | int | bytes) -> CancunBlockHeader:
    """Return the header of a block tag, number or hash; ``pending`` is that of a block made now.

    Raises:
        RpcError: there is no such block.
    """
    head = engine.head
    if block == "pending":
        return engine.pending_header()
    if block in {"latest", "safe", "finalized", head.number, head.hash}:
        return head.header
    row = block_row(engine, 0 if isinstance(block, str) else block)
    if row is None:
        raise refused("block not found" if isinstance(block, int) else "block not found for hash")
    return read_header(row.header)


def block_transactions(engine: Engine, number: int) -> list[TxRow]:
    """Return the transactions of a block in their order."""
    query = f"SELECT {_TX_COLUMNS} FROM tx WHERE block=? ORDER BY idx"  # nosec B608 # noqa: S608 - fixed words only
    return [TxRow(*row) for row in engine.store.rows(query, number)]


def transaction_hashes(engine: Engine, number: int) -> list[bytes]:
    """Return the hashes of a block's transactions in their order."""
    return [row[0] for row in engine.store.rows("SELECT hash FROM tx WHERE block=? ORDER BY idx", number)]


def transaction_row(engine: Engine, tx_hash: bytes) -> tuple[TxRow, BlockRow] | None:
    """Return a mined transaction and its block."""
    tables = "tx JOIN block ON block.number = tx.block"
    query = f"SELECT {_TX_COLUMNS}, {_BLOCK_COLUMNS} FROM {tables} WHERE tx.hash=?"  # nosec B608 # noqa: S608 - fixed words only
    rows = engine.store.rows(query, tx_hash)
    return (TxRow(*rows[0][:10]), BlockRow(*rows[0][10:])) if rows else None


def block_logs(engine: Engine, number: int, index: int | None = None) -> list[LogRow]:
    """Return the events of a block in their order, or of one transaction of it."""
    query = f"SELECT {_LOG_COLUMNS} FROM log WHERE block=? AND tx_idx=ifnull(?, tx_idx) ORDER BY log_idx"  # nosec B608 # noqa: S608 - fixed words only
    return [LogRow(*row) for row in engine.store.rows(query, number, index)]


def _condition(column: str, values: Sequence[bytes]) -> str:
    return f"log.{column} IN ({','.join('?' * len(values))})"


def _query(wanted: LogFilter) -> tuple[str, list[int | bytes]]:
    """Return the SQL of a filter. The index is named: SQLite keeps no statistics here and would guess."""
    conditions, bound = ["log.block BETWEEN ? AND ?"], [_clamp(wanted.first), _clamp(wanted.last)]
    if wanted.addresses:
        conditions.append(_condition("address", wanted.addresses))
        bound.extend(wanted.addresses)
    for position, alternatives in enumerate(wanted.topics):
        if alternatives:
            conditions.append(_condition(f"topic{position}", alternatives))
            bound.extend(alternatives)
        else:
            conditions.append(f"log.topic{position} IS NOT NULL")
    exact = len(wanted.topics) > 1 and wanted.topics[0] and wanted.topics[1]
    by_address = "INDEXED BY log_topic" if exact else "INDEXED BY log_address"
    index = by_address if wanted.addresses else "NOT INDEXED"
    return (
        f"SELECT {_LOG_COLUMNS}, block.hash, block.header, tx.hash FROM log {index}"  # nosec B608 # noqa: S608 - fixed words only
        " CROSS JOIN block ON block.number = log.block"
        " CROSS JOIN tx ON tx.block = log.block AND tx.idx = log.tx_idx"
        f" WHERE {' AND '.join(conditions)} ORDER BY log.block, log.log_idx LIMIT {MAX_LOGS + 1}"
    ), bound


def find_logs(engine: Engine, wanted: LogFilter) -> list[tuple[LogRow, bytes, bytes, bytes]]:
    """Return matching events in chain order, each with its block's hash and header and transaction hash.

    Raises:
        RpcError: -32005; more than 50,000 match, or they hold more than 32 MiB.
    """
    query, values = _query(wanted)
    found: list[tuple[LogRow, bytes, bytes, bytes]] = []
    size = 0
    with engine.store.reader() as connection, contextlib.closing(connection.execute(query, values)) as rows:
        for row in rows:
            log = LogRow(*row[:9])
            size += len(log.data)
            if len(found) == MAX_LOGS or size > MAX_LOG_BYTES:
                limits = f"{MAX_LOGS} results or {MAX_LOG_BYTES} bytes of data"
                raise RpcError(LIMIT_EXCEEDED, f"query returned more than {limits}; narrow the block range")
            found.append((log, row[9], row[10], row[11]))
    return found
