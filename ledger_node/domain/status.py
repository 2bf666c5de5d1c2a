"""Status positions and bitmaps (CL1, status): two set-only planes, 256 positions a word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ledger_node.domain.eip712 import SigningDomain, uint_word
from ledger_node.domain.hashing import HASH_BYTES, keccak

WORD_BITS: Final = 256
_STATUS_TYPE: Final = keccak(
    b"StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason)"
)


class Plane(IntEnum):
    """The two bitmaps of a member."""

    REVOKED = 0
    SUPERSEDED = 1


class StatusReason(IntEnum):
    """Why positions were set; shown in the event."""

    SUPERSEDED = 0
    ISSUED_IN_ERROR = 1
    ERASED = 2


def fold(positions: Iterable[int]) -> tuple[list[int], list[int]]:
    """Return the (word, mask) lists that set ``positions``, words strictly rising."""
    masks: dict[int, int] = {}
    for position in positions:
        word, bit = divmod(position, WORD_BITS)
        masks[word] = masks.get(word, 0) | 1 << bit
    words = sorted(masks)
    return words, [masks[word] for word in words]


def is_set(words: Mapping[int, int], position: int) -> bool:
    """Return whether ``position`` is set in the words read from the chain."""
    word, bit = divmod(position, WORD_BITS)
    return bool(words[word] >> bit & 1)


def changes_digest(words: Sequence[int], masks: Sequence[int]) -> bytes:
    """Return keccak(abi.encode(uint256[] words, uint256[] masks)), or zero for no changes."""
    if not words:
        return bytes(HASH_BYTES)
    count = uint_word(len(words))
    tail = count + b"".join(map(uint_word, words)) + count + b"".join(map(uint_word, masks))
    return keccak(uint_word(64) + uint_word(64 + 32 * (len(words) + 1)) + tail)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What a member signs to set positions of one plane (EIP-712)."""

    member: bytes
    number: int
    plane: Plane
    changes_digest: bytes
    reason: StatusReason

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the EIP-712 digest under the AnchorRegistry's domain."""
        words = uint_word(self.number) + uint_word(self.plane) + self.changes_digest + uint_word(self.reason)
        return domain.digest(keccak(_STATUS_TYPE + self.member + words))
