"""Whether an endpoint serves the chain of the address book: its id, its genesis, and our contracts."""

from collections.abc import Sequence
from typing import Any

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.endpoint import Call
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason


def identity_calls(book: AddressBook) -> list[Call]:
    """Return the requests whose answers tell one chain from another."""
    code: list[Call] = [("eth_getCode", [to_hex(address), "latest"]) for address in book.contracts.values()]
    return [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False]), *code]


def is_chain_of(book: AddressBook, results: Sequence[Any]) -> bool:
    """Return whether these are the results that the chain of ``book`` gives to ``identity_calls``."""
    chain_id, genesis, *code = results
    same = chain_id == hex(book.chain_id) and isinstance(genesis, dict) and genesis.get("hash") == to_hex(book.genesis)
    return same and all(isinstance(one, str) and len(one) > len("0x") for one in code)


def wrong_chain(kind: type[ChainError] = ChainError) -> ChainError:
    """Return the error for a node that serves another chain."""
    return kind(
        Reason.LEDGER_WRONG_CHAIN,
        "the node serves another chain than the address book names; check its address and folder",
    )
