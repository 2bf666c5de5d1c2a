"""Receipts: the only truth about whether a transaction was mined, and what came of it."""

from dataclasses import dataclass
from typing import Any

from ledger_node.chain.abi_call import block_of
from ledger_node.chain.endpoint import Call
from ledger_node.chain.port import Mined
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """A mined transaction, the contract it created (or b""), and its logs as (address, topics, data).

    ``succeeded``: whether it did anything; one that reverted is mined all the same.
    """

    mined: Mined
    succeeded: bool
    created: bytes
    logs: list[tuple[bytes, list[bytes], bytes]]


def receipt_call(digest: str) -> Call:
    """Return the request for the receipt of a transaction."""
    return "eth_getTransactionReceipt", [digest]


HEAD_CALL: Call = ("eth_getBlockByNumber", ["latest", False])
"""Asked together with receipts: their block is nearly always the newest one."""


def receipt_of(receipt: Any, block: Any) -> TransactionReceipt:
    """Return the receipt that a node's answer describes; ``block`` is its block.

    Raises:
        ChainError: ``ledger_unavailable``; this is no receipt, or the block is another one.
    """
    try:
        if receipt["blockHash"] != block["hash"]:
            raise ValueError("another block")
        logs = [
            (
                bytes.fromhex(log["address"][2:]),
                [from_hex(topic, "topic") for topic in log["topics"]],
                bytes.fromhex(log["data"][2:]),
            )
            for log in receipt["logs"]
        ]
        mined = Mined(from_hex(receipt["transactionHash"], "hash"), block_of(block), int(receipt["gasUsed"], 16))
        created = receipt.get("contractAddress")
        succeeded = int(receipt["status"], 16) == 1
        return TransactionReceipt(mined, succeeded, b"" if created is None else bytes.fromhex(created[2:]), logs)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInputError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no receipt of our transaction"
        ) from error
