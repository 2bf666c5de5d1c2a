"""QBFT as Besu writes it: validators, vote, round and seals in the header's extra data.

extraData = RLP([vanity32, [validators…], vote or [], round, [seals…]])
what a validator seals = keccak(RLP(header with no seals, in the real round))
block hash = keccak(RLP(header with no seals, in round 0))
"""

from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence import rlp
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES

_VANITY_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_MAX_ROUND_BYTES: Final = 4
Vote: TypeAlias = tuple[bytes, bytes]
"""The address voted on, and 0xff for in or nothing for out."""


@dataclass(frozen=True, slots=True)
class ExtraData:
    """The extra data of a header; seals are 65 bytes r || s || v, v 0 or 1."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: Vote | None
    round: int
    seals: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the RLP form."""
        number = self.round.to_bytes((self.round.bit_length() + 7) // 8, "big")
        return rlp.encode([self.vanity, list(self.validators), list(self.vote or ()), number, list(self.seals)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the one RLP form.

        Raises:
            VerificationError: ``header_malformed``.
        """
        try:
            read = cls._of(rlp.decode(data))
        except ValueError as error:
            raise _malformed("it is not a list of five parts") from error
        lengths = [(read.vanity, _VANITY_BYTES), *((one, _ADDRESS_BYTES) for one in read.validators)]
        lengths += [(seal, SIGNATURE_BYTES) for seal in read.seals]
        if not all(len(part) == length for part, length in lengths):
            raise _malformed("a vanity has 32 bytes, an address 20, a seal 65")
        if read.encode() != data:
            raise _malformed("it is not RLP in its shortest form")
        return read

    @classmethod
    def _of(cls, item: rlp.Item) -> Self:
        match item:
            case [bytes() as vanity, validators, vote, bytes() as number, seals]:
                if len(number) > _MAX_ROUND_BYTES:
                    raise _malformed("a round has at most 4 bytes")
                number_read = int.from_bytes(number, "big")
                return cls(vanity, rlp.texts(validators), _vote(rlp.texts(vote)), number_read, rlp.texts(seals))
            case _:
                raise ValueError


def _vote(parts: tuple[bytes, ...]) -> Vote | None:
    match parts:
        case ():
            return None
        case (address, (b"\xff" | b"") as direction) if len(address) == _ADDRESS_BYTES:
            return address, direction
        case _:
            raise _malformed("a vote is an address, and 0xff or nothing")


def block_hash(header: BlockHeader) -> bytes:
    """Return the hash that the chain knows a block by.

    Raises:
        VerificationError: ``header_malformed``; its extra data is not that of QBFT.
    """
    extra = replace(ExtraData.decode(header.extra_data), round=0, seals=())
    return header.with_extra_data(extra.encode()).hash


def sealed_digest(header: BlockHeader) -> bytes:
    """Return what validators sign to seal a block.

    Raises:
        VerificationError: ``header_malformed``; its extra data is not that of QBFT.
    """
    extra = replace(ExtraData.decode(header.extra_data), seals=())
    return keccak(header.with_extra_data(extra.encode()).encoded)


def _malformed(why: str) -> VerificationError:
    return VerificationError(Reason.HEADER_MALFORMED, f"the extra data of this header is not that of QBFT: {why}")
