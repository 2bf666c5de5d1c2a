"""The one home of randomness: the operating system's generator, drawn in blocks where many are needed."""

import os
import random
from collections.abc import Iterator

_BLOCK = 512


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes from the operating system's generator."""
    return os.urandom(count)


def random_seeds() -> Iterator[bytes]:
    """Yield 32-byte seeds without end, asking the operating system for 512 of them at a time."""
    while True:
        block = os.urandom(32 * _BLOCK)
        for start in range(0, len(block), 32):
            yield block[start : start + 32]


def shuffled(count: int) -> list[int]:
    """Return 0 … count - 1 in an unpredictable order."""
    order = list(range(count))
    random.SystemRandom().shuffle(order)
    return order


def random_places(count: int, among: int) -> list[int]:
    """Return ``count`` different numbers below ``among``, in an unpredictable order."""
    return random.SystemRandom().sample(range(among), count)
