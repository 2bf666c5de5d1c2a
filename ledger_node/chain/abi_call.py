"""Encoding of single contract calls for JSON-RPC."""

from typing import Any

from eth_abi.exceptions import DecodingError

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Block
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason


def pinned(block: Block) -> JSON:
    """Return the parameter that names exactly this block (EIP-1898): a node that has another one there refuses."""
    return {"blockHash": to_hex(block.hash)}


def call_of(book: AddressBook, block: JSON, contract: str, function: str, *args: object) -> tuple[str, list[Any]]:
    """Return method and parameters of an eth_call at ``block``: a tag, or as ``pinned`` names it."""
    data = to_hex(artifact(contract).encode(function, *args))
    return "eth_call", [{"to": to_hex(book.contracts[contract]), "data": data}, block]


def data_of(answer: Any) -> bytes:
    """Return the bytes of a JSON-RPC data member."""
    return bytes.fromhex(answer[2:])


def decode_answer(contract: str, function: str, answer: Any) -> tuple[Any, ...]:
    """Return the decoded results of a call.

    Raises:
        ChainError: ``ledger_unavailable``; the endpoint answered something else than this contract would.
    """
    try:
        return artifact(contract).decode(function, data_of(answer))
    except (DecodingError, TypeError, ValueError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no answer of our contracts"
        ) from error


def hex_word(value: int) -> str:
    """Return an integer as a 32-byte topic."""
    return f"0x{value:064x}"


def block_of(answer: Any) -> Block:
    """Return the block that a JSON-RPC block object describes."""
    return Block(int(answer["number"], 16), from_hex(answer["hash"], "hash"), int(answer["timestamp"], 16))


def count_of(answer: Any) -> int:
    """Return the number that a JSON-RPC quantity stands for.

    Raises:
        ChainError: ``ledger_unavailable``; it is none.
    """
    try:
        return int(answer, 16)
    except (TypeError, ValueError) as error:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger node answered what is no number") from error
