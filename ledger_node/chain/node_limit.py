"""What a node must allow, looked at before it is relied on: each limit that is too low has a name and a way out.

Contracts and client keep within Besu's defaults: 16.7 million gas a transaction, 5,000 blocks of logs a request, and
24,576 bytes of code a contract.
"""

from collections.abc import Iterator
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.endpoint import Call
from ledger_node.chain.log_index import PAGE_BLOCKS, logs_call
from ledger_node.chain.rpc import HEAD_CALL, Rpc
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

MAX_TRANSACTION_GAS: Final = 16_777_216
"""The most that a transaction may ask for (2^24, EIP-7825): lists that need more are split."""
MAX_CODE_BYTES: Final = 24_576
"""The most that the code of a contract may have (EIP-170); the largest of ours has a little less."""
_CODE_GAS: Final = MAX_TRANSACTION_GAS
# PUSH2 24,576, PUSH1 0, RETURN: creates a contract of that many zero bytes
_LARGEST_CODE: Final = "0x" + "61" + f"{MAX_CODE_BYTES:04x}" + "6000" + "f3"


def require_limits(rpc: Rpc, book: AddressBook | None = None) -> None:
    """Require that the node allows what a network of this client needs.

    ``book``: None before there are contracts, and then no logs are asked for.

    Raises:
        ChainError: ``node_limit``, naming the limit, what it is and what it must be; or the node does not answer.
    """
    head = rpc.batch([HEAD_CALL])[0]
    for fault in _faults(rpc, head, book):
        raise ChainError(Reason.NODE_LIMIT, fault)


def require_transaction_gas(gas: int) -> None:
    """Require that a transaction keeps within what every network allows.

    Raises:
        ChainError: ``node_limit``; its list must be split.
    """
    if gas > MAX_TRANSACTION_GAS:
        raise ChainError(
            Reason.NODE_LIMIT,
            f"this transaction would ask for {gas} gas, and networks allow {MAX_TRANSACTION_GAS}; send less at once",
        )


def _faults(rpc: Rpc, head: Any, book: AddressBook | None) -> Iterator[str]:
    block_gas, number = int(head["gasLimit"], 16), int(head["number"], 16)
    if block_gas < MAX_TRANSACTION_GAS:
        yield (
            f"a block of this chain holds {block_gas} gas, and one transaction may need {MAX_TRANSACTION_GAS}; raise "
            "the gas limit of blocks (genesis and --target-gas-limit)"
        )
    creation = {"data": _LARGEST_CODE, "gas": hex(_CODE_GAS)}
    if _refuses(rpc, ("eth_call", [creation, "latest"])):
        yield (
            f"the node refuses a contract with code of {MAX_CODE_BYTES} bytes, or a call with {_CODE_GAS} gas; raise "
            "its limits (contractSizeLimit of the genesis, --rpc-gas-cap)"
        )
    addresses = [] if book is None else [to_hex(address) for address in book.contracts.values()]
    page = logs_call(addresses, [], max(0, number - PAGE_BLOCKS + 1), number)
    if addresses and _refuses(rpc, page):
        yield f"the node refuses logs of {PAGE_BLOCKS} blocks at once; raise its limit (--rpc-max-logs-range)"


def _refuses(rpc: Rpc, call: Call) -> bool:
    # a node that answers later, because another one does not, must allow it as well
    return any(isinstance(outcome, ChainError) for (outcome,) in rpc.outcomes_everywhere([call]))
