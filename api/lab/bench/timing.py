"""How long a thing takes, and the pace of this machine, against which other figures are to be read."""

import statistics
import time
from collections.abc import Callable
from typing import Final

from ledger_node.domain.hashing import HASH_BYTES, walk

_STEPS: Final = 20_000


def median_ms(run: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median over some rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = clock()
        run()
        times.append(1000 * (clock() - began))
    return statistics.median(times)


def keccak_us() -> float:
    """Return the processor time of one keccak step, in microseconds."""
    steps = median_ms(lambda: walk(bytes(HASH_BYTES), bytes(HASH_BYTES), _STEPS), 9, time.process_time)
    return round(1000 * steps / _STEPS, 2)
