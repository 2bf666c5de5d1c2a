"""Receipts: the only truth about whether a transaction was mined, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger_node.chain.artifact import artifact
from ledger_node.chain.endpoint import Call
from ledger_node.chain.port import Mined, UseResult
from ledger_node.chain.rpc import block_of
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


def use_results(receipt: TransactionReceipt, registry: bytes, uses: Sequence[tuple[bytes, bytes]]) -> list[UseResult]:
    """Return what became of each of ``uses``, (consent id, use id), in their order, from the receipt of recordUses.

    ``registry``: the address of the ConsentRegistry. It writes one log a use, in the order of the call; so each use is
    judged by its own log, also where ids repeat.

    Raises:
        ChainError: ``ledger_refused``; these are not the logs of these uses.
    """
    contract = artifact("ConsentRegistry")
    results: list[UseResult] = []
    named: list[tuple[bytes, bytes]] = []
    for address, topics, data in receipt.logs:
        if address != registry:
            continue
        match contract.event(topics, data):
            case ("UseRecorded", values):
                results.append(UseResult(True, values["uses"], None, receipt.mined))
            case ("UseRefused", values):
                results.append(UseResult(False, 0, values["reason"], receipt.mined))
            case _:
                continue
        named.append((topics[1], topics[2]))
    if named != list(uses):
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger tells of other uses than those that were sent")
    return results
