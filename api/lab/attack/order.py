"""Attacks on order: does a position in a batch, which is public, say which row, firm or value it is?"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import TypeGuard

from api.lab.attack.ground_truth import GroundTruth, TrueAttestation
from api.lab.attack.guess import bucket, fields_of
from api.lab.attack.report import Finding
from api.lab.attack.score import binomial_tail, majority, rank_correlation
from ledger_node.domain.canonical import JSON

_MIN_BATCH = 10


def attack_order(truth: GroundTruth, codes: Sequence[str]) -> list[Finding]:
    """Return the findings of every attack on positions, batch by batch."""
    batches: dict[str, list[TrueAttestation]] = {}
    for item in truth.attestations:
        batches.setdefault(item.batch, []).append(item)
    large = [sorted(items, key=attrgetter("index")) for items in batches.values() if len(items) >= _MIN_BATCH]
    numbered = list(enumerate(large, 1))
    return [
        *(one for number, items in numbered for one in _one_batch(f"batch {number}, {items[0].schema}", items, codes)),
        *(
            _two_batches(f"batches {first} and {second}", ours, others)
            for (first, ours), (second, others) in pairwise(numbered)
        ),
        *(one for schema, name in fields_of(truth) for items in large for one in _neighbour(schema, name, items)),
    ]


def _one_batch(where: str, items: Sequence[TrueAttestation], codes: Sequence[str]) -> Iterator[Finding]:
    yield _rank(f"order: position against row ({where})", [(item.index, item.row) for item in items])
    place = {code: number for number, code in enumerate(sorted(codes))}
    known = [(item.index, place.get(item.code, -1)) for item in items]
    yield _rank(f"order: position against credit code ({where})", known)
    for name in items[0].values:
        cells = [(item.index, item.values.get(name)) for item in items]
        amounts = [(index, value) for index, value in cells if _is_amount(value)]
        if amounts:
            yield _rank(f"order: position against {name} ({where})", amounts)
    for what, register in (("register order", list(codes)), ("sorted register", sorted(codes))):
        guesses = [register[item.index % len(register)] == item.code for item in items]
        chance = 1 / len(register)
        yield Finding(
            f"subjects: position in {what} ({where})",
            "leaf i is taken for the i-th credit code",
            len(items),
            sum(guesses),
            len(items),
            sum(guesses) / len(items),
            chance,
            binomial_tail(sum(guesses), len(items), chance),
        )


def _is_amount(value: JSON) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _rank(attack: str, pairs: Sequence[tuple[int, int]]) -> Finding:
    rho, p = rank_correlation([float(one) for one, _ in pairs], [float(other) for _, other in pairs])
    tried = "Spearman's rho (accuracy: |rho|) under random order"
    return Finding(attack, tried, len(pairs), 0, len(pairs), abs(rho), 0.0, p)


def _two_batches(where: str, ours: Sequence[TrueAttestation], others: Sequence[TrueAttestation]) -> Finding:
    theirs = {item.code: item.index for item in others}
    both = [(item.index, theirs[item.code]) for item in ours if item.code in theirs]
    return _rank(f"links: positions of one firm in {where}", both)


def _neighbour(schema: str, name: str, items: Sequence[TrueAttestation]) -> Iterator[Finding]:
    """Give every second leaf the value of the known leaf before it, as a bank that knows half the firms could."""
    known = [item for item in items if item.schema == schema and name in item.values]
    if len(known) < _MIN_BATCH:
        return
    labels = [bucket(schema, name, item.values[name]) for item in known]
    told, asked = labels[0::2], labels[1::2]
    told = told[: len(asked)]
    right = sum(guess == value for guess, value in zip(told, asked, strict=True))
    # what two values drawn from the two halves have in common by chance
    chance = sum(told.count(value) * asked.count(value) for value in set(told)) / (len(told) * len(asked))
    _, share = majority(asked)
    yield Finding(
        f"values: {schema}.{name} of a known neighbour",
        f"the value of the leaf before it (the majority would be right in {share:.3f})",
        len(asked),
        right,
        len(asked),
        right / len(asked),
        chance,
        binomial_tail(right, len(asked), chance),
    )
