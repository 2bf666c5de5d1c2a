"""Status positions and bitmaps (CL1, status): two planes, 256 positions a word, and the lists that set them.

A list of changes is (words, masks), words rising, at most ``MAX_WORDS`` long. Every list that set bits left a mark on
the ledger: who set what, with which key, and when. The council clears what a compromised key set, and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from ledger_node.domain.eip712 import SignedType, SigningDomain, address_word, bytes32, number, uint_word
from ledger_node.domain.hashing import HASH_BYTES, keccak

WORD_BITS: Final = 256
MAX_WORDS: Final = 600
"""The most words of one list, so that a transaction stays below 16.7 million gas; what is longer is split."""
_MAX_U64: Final = (1 << 64) - 1
_STATUS: Final = SignedType(
    "StatusChange",
    (
        bytes32("member"),
        number("number", 64, 1, _MAX_U64),
        number("plane", 8, 0, 1),
        bytes32("changesDigest"),
        number("reason", 16, 1, 2),
        number("deadline", 64, 0, _MAX_U64),
    ),
)
NOBODY: Final = bytes(HASH_BYTES)
"""In the place of a member: the council acted."""


class Plane(IntEnum):
    """The two bitmaps of a member."""

    REVOKED = 0
    SUPERSEDED = 1


class StatusReason(IntEnum):
    """Why positions were set; shown in the event. The first one is that of a batch's own list."""

    SUPERSEDED = 0
    NO_LONGER_USED = 1
    ERASED = 2


Lists: TypeAlias = tuple[list[int], list[int]]
"""(words, masks): bits of the words, by number of the word."""


def fold(positions: Iterable[int]) -> Lists:
    """Return the (word, mask) lists that set ``positions``, words strictly rising."""
    masks: dict[int, int] = {}
    for position in positions:
        word, bit = divmod(position, WORD_BITS)
        masks[word] = masks.get(word, 0) | 1 << bit
    words = sorted(masks)
    return words, [masks[word] for word in words]


def unfold(words: Iterable[int], masks: Iterable[int]) -> Iterator[int]:
    """Yield the positions that (word, mask) lists set, rising."""
    for word, mask in zip(words, masks, strict=True):
        yield from (word * WORD_BITS + bit for bit in range(WORD_BITS) if mask >> bit & 1)


def split(words: Sequence[int], masks: Sequence[int]) -> Iterator[Lists]:
    """Yield (word, mask) lists in parts that one transaction may carry, in their order."""
    for start in range(0, len(words), MAX_WORDS):
        yield list(words[start : start + MAX_WORDS]), list(masks[start : start + MAX_WORDS])


def without(lists: Lists, held: Mapping[int, int]) -> Lists:
    """Return what of (word, mask) lists is not set in ``held``, words by their numbers."""
    left = [(word, mask & ~held.get(word, 0)) for word, mask in zip(*lists, strict=True)]
    return [word for word, mask in left if mask], [mask for _, mask in left if mask]


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
    """What a member signs to set positions of one plane (EIP-712).

    ``deadline``: the last block time at which it may be recorded, in seconds.
    """

    member: bytes
    number: int
    plane: Plane
    changes_digest: bytes
    reason: StatusReason
    deadline: int

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the EIP-712 digest under the AnchorRegistry's domain."""
        return domain.digest(_STATUS.struct_hash(self))


@dataclass(frozen=True, slots=True)
class Mark:
    """A list that set bits, as the ledger keeps it: the AnchorRegistry stores ``digest`` in one word.

    ``number``: of the status change, or of the batch where the reason is 0. ``reason``: a ``StatusReason``, or one that
    is unknown here. ``actor``: the member, its successor, or ``NOBODY`` for the council, whose address is then the key.
    """

    member: bytes
    plane: Plane
    number: int
    reason: int
    changes_digest: bytes
    marked_at: int
    actor: bytes
    key: bytes

    @property
    def by_batch(self) -> bool:
        """Whether a batch's own list set it, so that its number is the batch's."""
        return self.reason == StatusReason.SUPERSEDED

    @property
    def digest(self) -> bytes:
        """keccak(abi.encode(member, plane, number, reason, changesDigest, markedAt, actor, key))."""
        what = uint_word(self.plane) + uint_word(self.number) + uint_word(self.reason) + self.changes_digest
        return keccak(self.member + what + uint_word(self.marked_at) + self.actor + address_word(self.key))
