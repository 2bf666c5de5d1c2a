"""Reads JSON-RPC parameters strictly; each refusal is -32602 and names the parameter."""

import re
from typing import Any, Final

from ledger_node.node.embedded.error import invalid_params

_QUANTITY: Final = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_DATA: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_SLOT: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
BLOCK_TAGS: Final = ("latest", "earliest", "pending", "safe", "finalized")
_HUNDRED: Final = 100


def _matched(pattern: re.Pattern[str], value: object, name: str, form: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise invalid_params(f"{name} must be {form}")
    return value


def quantity(value: object, name: str) -> int:
    """Read a QUANTITY: 0x-prefixed hex without leading zeros, up to 256 bits."""
    return int(_matched(_QUANTITY, value, name, "a 0x-prefixed hex number without leading zeros"), 16)


def data(value: object, name: str, size: int | None = None) -> bytes:
    """Read DATA: 0x-prefixed hex, two digits a byte, of ``size`` bytes if given."""
    octets = bytes.fromhex(_matched(_DATA, value, name, "0x-prefixed hex with two digits a byte")[2:])
    if size is not None and len(octets) != size:
        raise invalid_params(f"{name} must be {size} bytes long, not {len(octets)}")
    return octets


def slot(value: object, name: str) -> int:
    """Read a storage position: a QUANTITY, or up to 32 bytes of hex."""
    return int(_matched(_SLOT, value, name, "0x-prefixed hex of 1 to 64 digits"), 16)


def boolean(value: object, name: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise invalid_params(f"{name} must be true or false")
    return value


def address(value: object, name: str) -> bytes:
    """Read an address of 20 bytes."""
    return data(value, name, 20)


def hash32(value: object, name: str) -> bytes:
    """Read a hash of 32 bytes."""
    return data(value, name, 32)


def listing(value: object, name: str, most: int) -> list[Any]:
    """Read a list of at most ``most`` members."""
    if not isinstance(value, list):
        raise invalid_params(f"{name} must be a list")
    if len(value) > most:
        raise invalid_params(f"{name} has {len(value)} members, more than {most}")
    return value


def record(value: object, name: str) -> dict[str, Any]:
    """Read an object, whatever its members."""
    if not isinstance(value, dict):
        raise invalid_params(f"{name} must be an object")
    return value


def mapping(value: object, name: str, known: frozenset[str]) -> dict[str, Any]:
    """Read an object whose members are all known; members that are null count as absent."""
    given = record(value, name)
    unknown = sorted(set(given) - known)
    if unknown:
        raise invalid_params(f"{name} has an unknown member {unknown[0][:40]!r}")
    return {key: member for key, member in given.items() if member is not None}


def block_tag(value: object, name: str) -> str | int | bytes:
    """Read a block: a tag, a number (int), or a hash (bytes), plain or in an object as EIP-1898 has it.

    A number of 64 digits is a hash: a block number never has so many, and clients send hashes like that.
    """
    if isinstance(value, dict):
        given = mapping(value, name, frozenset({"blockNumber", "blockHash", "requireCanonical"}))
        if given.get("requireCanonical") is not None:
            boolean(given["requireCanonical"], f"{name}.requireCanonical")
        if ("blockNumber" in given) == ("blockHash" in given):
            raise invalid_params(f"{name} must hold either blockNumber or blockHash")
        if "blockHash" in given:
            return hash32(given["blockHash"], f"{name}.blockHash")
        return quantity(given["blockNumber"], f"{name}.blockNumber")
    if isinstance(value, str) and value in BLOCK_TAGS:
        return value
    if isinstance(value, str) and _HASH.fullmatch(value):
        return bytes.fromhex(value[2:])
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise invalid_params(f"{name} must be a block hash, a block number in hex or one of {', '.join(BLOCK_TAGS)}")


def block_number(value: object, name: str) -> str | int:
    """Read a block where only a tag or a number can stand."""
    block = block_tag(value, name)
    if isinstance(block, bytes):
        raise invalid_params(f"{name} must be a block number or tag, and is a hash")
    return block


def percentiles(value: object, name: str, most: int) -> list[float]:
    """Read a list of at most ``most`` numbers from 0 to 100, none smaller than the one before it."""
    least = 0.0
    marks = listing(value, name, most)
    for mark in marks:
        if isinstance(mark, bool) or not isinstance(mark, int | float) or not 0 <= mark <= _HUNDRED:
            raise invalid_params(f"{name} must hold numbers from 0 to 100")
        if mark < least:
            raise invalid_params(f"{name} must not fall")
        least = mark
    return marks
