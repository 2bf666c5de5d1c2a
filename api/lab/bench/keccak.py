"""The pace of this machine: what one step of a chain takes, against which other figures are to be read."""

import statistics
import time
from typing import Final

from ledger_node.domain.hashing import HASH_BYTES, walk

_STEPS: Final = 20_000


def keccak_us() -> float:
    """Return the processor time of one keccak step, in microseconds."""
    times = []
    for _ in range(9):
        began = time.process_time()
        walk(bytes(HASH_BYTES), bytes(HASH_BYTES), _STEPS)
        times.append(1e6 * (time.process_time() - began) / _STEPS)
    return round(statistics.median(times), 2)
