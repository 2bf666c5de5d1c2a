"""The chain itself: its blocks, and what is on its way to it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Block:
    """A block to read at; ``time`` in seconds since 1970-01-01 UTC."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that is in a block."""

    transaction: bytes
    block: Block
    gas_used: int


class ChainLedger(Protocol):
    """The chain itself. Every method of every part of the port may raise ChainError."""

    def require_same_chain(self) -> None:
        """Require that the endpoint serves the chain of the address book, contracts included."""

    def head(self) -> Block:
        """Return the newest block."""

    def next_time(self) -> int:
        """Return the time that a block made now would have, which no block may show yet."""

    def require_block(self, block: Block) -> None:
        """Require that the chain has exactly this block, by number, hash and time."""

    def is_on_way(self, name: bytes) -> bool:
        """Return whether a transaction that names this use, or this subject, is sent and may still be mined."""
