"""Statistics: how likely a result is if the attacker only guesses."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from random import Random
from typing import Final

FAMILY_ALPHA: Final = 0.001
"""Chance that a run over a ledger that leaks nothing calls anything broken; shared by all its tests."""
LEAST_ALPHA: Final = 2e-5
"""What sampled permutations can still tell apart: many batches must not make the links blind."""
_PERMUTATIONS: Final = 50_000
_ENOUGH: Final = 50
_NORMAL_FROM: Final = 50
_SEED: Final = 20_261_122


def binomial_tail(hits: int, trials: int, chance: float) -> float:
    """Return P(X >= hits) for X ~ Binomial(trials, chance), exactly."""
    if hits <= 0 or chance >= 1.0:
        return 1.0
    if chance <= 0.0:
        return 0.0
    log_p, log_q = math.log(chance), math.log1p(-chance)
    terms = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * log_p + (trials - k) * log_q
        for k in range(hits, trials + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def majority(labels: Sequence[Hashable]) -> tuple[Hashable, float]:
    """Return the most frequent label and its share: what guessing gets right."""
    label, count = Counter(labels).most_common(1)[0]
    return label, count / len(labels)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return Spearman's rho and its two-sided p under random order (ties share their mean rank).

    The permutation distribution has mean 0 and variance 1/(n-1) whatever the values are; from 50 pairs on it
    is taken as normal, below it is sampled.
    """
    n = len(first)
    one, other = _centred(first), _centred(second)
    norm = math.sqrt(math.fsum(x * x for x in one) * math.fsum(y * y for y in other))
    if n < 3 or norm == 0.0:  # noqa: PLR2004 - two pairs always correlate
        return 0.0, 1.0
    rho = math.fsum(x * y for x, y in zip(one, other, strict=True)) / norm
    if n >= _NORMAL_FROM:
        return rho, math.erfc(abs(rho) * math.sqrt((n - 1) / 2))

    def sampled(order: Sequence[int]) -> float:
        return abs(math.fsum(x * other[place] for x, place in zip(one, order, strict=True)))

    return rho, permutation_p(abs(rho) * norm, sampled, n)


def permutation_p(observed: float, statistic: Callable[[Sequence[int]], float], n: int) -> float:
    """Return the share of random orders of ``n`` things whose statistic is at least ``observed``.

    Stops early once that is clearly common.
    """
    random = Random(_SEED)  # noqa: S311 - sampling orders, no secret
    order = list(range(n))
    reached = drawn = 0
    while drawn < _PERMUTATIONS and reached < _ENOUGH:
        random.shuffle(order)
        reached += statistic(order) >= observed - 1e-9
        drawn += 1
    return (reached + 1) / (drawn + 1)


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 0; ties share their mean rank."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [(places[value][0] + places[value][-1]) / 2 for value in values]


def _centred(values: Sequence[float]) -> list[float]:
    mean = (len(values) - 1) / 2
    return [rank - mean for rank in ranks(values)]
