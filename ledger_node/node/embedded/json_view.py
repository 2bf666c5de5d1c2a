"""The JSON of blocks, transactions, receipts and logs."""

from collections.abc import Sequence
from typing import Any, Final

from eth.abc import SignedTransactionAPI
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.cancun.transactions import CancunTransactionBuilder
from eth_bloom.bloom import BloomFilter

from ledger_node.node.embedded.store import BlockRow, LogRow, TxRow
from ledger_node.node.embedded.transaction import Transaction

Json = dict[str, Any]

_BLOOM_HEX_DIGITS: Final = 512


def hexed(octets: bytes | None) -> str | None:
    """Return DATA, or None for None."""
    return None if octets is None else "0x" + octets.hex()


def block_view(row: BlockRow, header: CancunBlockHeader, transactions: Sequence[Any], sealer: bytes | None) -> Json:
    """Return a block; our additions are ``sealer``, who signed the block hash, and ``seal``, a signature."""
    return {
        "number": hex(row.number),
        "hash": hexed(row.hash),
        "parentHash": hexed(header.parent_hash),
        "nonce": hexed(header.nonce),
        "mixHash": hexed(bytes(header.mix_hash)),
        "sha3Uncles": hexed(header.uncles_hash),
        "logsBloom": f"0x{header.bloom:0{_BLOOM_HEX_DIGITS}x}",
        "transactionsRoot": hexed(header.transaction_root),
        "stateRoot": hexed(header.state_root),
        "receiptsRoot": hexed(header.receipt_root),
        "miner": hexed(header.coinbase),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": "0x0",
        "extraData": hexed(header.extra_data),
        "size": hex(row.size),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas or 0),
        "withdrawals": [],
        "withdrawalsRoot": hexed(header.withdrawals_root),
        "blobGasUsed": hex(header.blob_gas_used),
        "excessBlobGas": hex(header.excess_blob_gas),
        "parentBeaconBlockRoot": hexed(header.parent_beacon_block_root),
        "uncles": [],
        "transactions": list(transactions),
        "sealer": hexed(sealer),
        "seal": hexed(row.seal),
    }


def _common(evm: SignedTransactionAPI, tx_hash: bytes, sender: bytes, chain_id: int) -> Json:
    kind = evm.type_id or 0
    view: Json = {
        "type": hex(kind),
        "hash": hexed(tx_hash),
        "from": hexed(sender),
        "nonce": hex(evm.nonce),
        "gas": hex(evm.gas),
        "to": hexed(bytes(evm.to)) if evm.to else None,
        "value": hex(evm.value),
        "input": hexed(bytes(evm.data)),
        "chainId": hex(chain_id),
        "v": hex(evm.y_parity if kind else evm.v),  # type: ignore[attr-defined] # only a legacy one has v
        "r": hex(evm.r),
        "s": hex(evm.s),
        "gasPrice": hex(_effective_price(evm)),
    }
    if kind:
        view["yParity"] = hex(evm.y_parity)
        view["accessList"] = [
            {"address": hexed(account), "storageKeys": [f"0x{key:064x}" for key in keys]}
            for account, keys in evm.access_list
        ]
    if kind > 1:
        view["maxFeePerGas"] = hex(evm.max_fee_per_gas)
        view["maxPriorityFeePerGas"] = hex(evm.max_priority_fee_per_gas)
    return view


def _effective_price(evm: SignedTransactionAPI) -> int:
    return min(evm.max_fee_per_gas, evm.max_priority_fee_per_gas)


def transaction_view(row: TxRow, block_hash: bytes, timestamp: int, chain_id: int) -> Json:
    """Return a mined transaction; ``timestamp`` is its block's."""
    return _common(CancunTransactionBuilder.decode(row.raw), row.hash, row.sender, chain_id) | {
        "blockHash": hexed(block_hash),
        "blockNumber": hex(row.block),
        "blockTimestamp": hex(timestamp),
        "transactionIndex": hex(row.idx),
    }


def pooled_view(transaction: Transaction, chain_id: int) -> Json:
    """Return a transaction that is not mined yet."""
    place = dict.fromkeys(("blockHash", "blockNumber", "blockTimestamp", "transactionIndex"))
    return _common(transaction.evm, transaction.hash, transaction.sender, chain_id) | place


def topics_of(row: LogRow) -> list[bytes]:
    """Return the topics an event has."""
    return [topic for topic in row[4:8] if topic is not None]


def log_view(row: LogRow, block_hash: bytes, tx_hash: bytes, timestamp: int) -> Json:
    """Return one event."""
    return {
        "address": hexed(row.address),
        "topics": [hexed(topic) for topic in topics_of(row)],
        "data": hexed(row.data),
        "blockNumber": hex(row.block),
        "blockHash": hexed(block_hash),
        "blockTimestamp": hex(timestamp),
        "transactionHash": hexed(tx_hash),
        "transactionIndex": hex(row.tx_idx),
        "logIndex": hex(row.log_idx),
        "removed": False,
    }


def receipt_view(row: TxRow, block_hash: bytes, timestamp: int, logs: Sequence[LogRow]) -> Json:
    """Return a receipt; ``logs`` are the events of this transaction."""
    bloom = BloomFilter.from_iterable(item for log in logs for item in (log.address, *topics_of(log)))
    evm = CancunTransactionBuilder.decode(row.raw)
    return {
        "type": hex(evm.type_id or 0),
        "transactionHash": hexed(row.hash),
        "transactionIndex": hex(row.idx),
        "blockHash": hexed(block_hash),
        "blockNumber": hex(row.block),
        "from": hexed(row.sender),
        "to": hexed(row.recipient),
        "contractAddress": hexed(row.contract) if row.status else None,
        "status": hex(row.status),
        "gasUsed": hex(row.gas_used),
        "cumulativeGasUsed": hex(row.cumulative_gas),
        "effectiveGasPrice": hex(_effective_price(evm)),
        "logsBloom": f"0x{int(bloom):0{_BLOOM_HEX_DIGITS}x}",
        "logs": [log_view(log, block_hash, row.hash, timestamp) for log in logs],
    }
