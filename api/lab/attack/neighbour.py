"""Guessing that what is close together belongs to one owner, and how well anybody would guess that by chance."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from api.lab.attack.report import Finding
from api.lab.attack.score import permutation_p, ranks

Pair: TypeAlias = tuple[int, int]
_FEWEST: Final = 4


def by_feature(attack: str, name: str, rows: Sequence[Mapping[str, float]], owners: Sequence[str]) -> Finding:
    """Guess that neighbours in one feature belong together; ties stand in an order that says nothing."""
    there = [place for place, row in enumerate(rows) if name in row]
    groups: dict[float, list[int]] = {}
    for at, place in enumerate(there):
        groups.setdefault(rows[place][name], []).append(at)
    tried = f"neighbours when sorted by {name} are taken for one owner"
    return _score(f"{attack} {name}", tried, _neighbours(groups), [owners[place] for place in there], len(groups))


def by_all(attack: str, rows: Sequence[Mapping[str, float]], owners: Sequence[str]) -> Finding:
    """Guess that the two that are most alike in everything together belong together."""
    ranked = _ranked(rows)

    def distance(one: int, other: int) -> float:
        names = ranked[one].keys() | ranked[other].keys()
        # what happened to one of the two alone sets them as far apart as can be
        gaps = (abs(ranked[one].get(name, 2.0) - ranked[other].get(name, 2.0)) for name in names)
        return sum(min(gap, 1.0) for gap in gaps) / len(names)

    tried = "the most similar one in all features together, by rank, is taken for one of the same owner"
    return _score(f"{attack} everything together", tried, _closest(len(rows), distance), owners, len(rows))


def by_time(attack: str, places: Sequence[Sequence[int]], owners: Sequence[str]) -> Finding:
    """Guess that those belong together of which something happens one right after the other."""

    def distance(one: int, other: int) -> float:
        return min(abs(first - second) for first in places[one] for second in places[other])

    tried = "those that are touched closest in time, by whatever event, are taken for one owner"
    return _score(f"{attack} events close in time", tried, _closest(len(places), distance), owners, len(places))


def _score(attack: str, tried: str, pairs: Sequence[Pair], owners: Sequence[str], values: int) -> Finding:
    n = len(owners)
    if n < _FEWEST or len(set(owners)) in {1, n} or values < 2:  # noqa: PLR2004 - all alike
        return Finding(attack, tried + " (too few, or all alike)", 0)

    def together(order: Sequence[int]) -> float:
        return sum(owners[order[a]] == owners[order[b]] for a, b in pairs) / len(pairs)

    accuracy = together(range(n))
    chance = sum(owners.count(owner) - 1 for owner in owners) / (n * (n - 1))
    p = permutation_p(accuracy, together, n)
    return Finding(attack, tried, len(pairs), round(accuracy * len(pairs)), len(pairs), accuracy, chance, p)


def _neighbours(groups: Mapping[float, Sequence[int]]) -> list[Pair]:
    """Return the pairs to guess: within a value if some repeat, else next to each other."""
    if len(groups) < sum(map(len, groups.values())) / 2:
        return [(a, b) for places in groups.values() for at, a in enumerate(places) for b in places[at + 1 :]]
    ordered = [place for value in sorted(groups) for place in groups[value]]
    return list(pairwise(ordered))


def _closest(n: int, distance: Callable[[int, int], float]) -> list[Pair]:
    pairs = []
    for one in range(n):
        gaps = [(distance(one, other), other) for other in range(n) if other != one]
        least = min(gap for gap, _ in gaps) if gaps else 0.0
        pairs += [(one, other) for gap, other in gaps if gap == least]
    return pairs


def _ranked(rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return each feature as its rank among those that have it, between 0 and 1; ties share their mean rank."""
    ranked: list[dict[str, float]] = [{} for _ in rows]
    for name in dict.fromkeys(name for row in rows for name in row):
        there = [place for place, row in enumerate(rows) if name in row]
        for place, rank in zip(there, ranks([rows[place][name] for place in there]), strict=True):
            ranked[place][name] = rank / max(1, len(there) - 1)
    return ranked
