"""Attacks on links: what belongs together by equality, order, time, gas or size."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

from api.lab.attack.bank_view import BankView
from api.lab.attack.corpus import Corpus, Transaction, words_of, words_of_calldata
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.report import Finding
from api.lab.attack.score import binomial_tail, majority, permutation_p, rank_correlation, ranks
from api.lab.attack.trace import traces
from ledger_node.domain.batch import ATTESTATIONS

Pair: TypeAlias = tuple[int, int]
_OF_ONE: Final = {
    "ConsentGranted": ("id", True),
    "ConsentRequested": ("requestId", True),
    "ConsentPaused": ("id", True),
    "ConsentResumed": ("id", True),
    "ConsentWithdrawn": ("id", True),
    "UseRecorded": ("consent", False),
    "SubjectRegistered": ("subjectId", True),
}
"""Events of one consent, request or subject: what names it, and whether the whole call is about it alone."""
_SENDERS: Final = ("relayer", "registrar", "sender", "key")
"""Who sent something; it shows, and many have the same one."""
_FEWEST: Final = 4
_REQUEST_BY_DESIGN = (
    "the contract grants a request and its consent in one step, so it must know both; neither says whose they are"
)
_BOUNDS_BY_DESIGN = (
    "the contract enforces time and uses, so it must know them, and a purpose's ceilings narrow what they can be for"
)
_REGISTRATION_BY_DESIGN = (
    "a registration is anchored right behind its subject id: two opaque ids, no firm; a bank is told both anyway"
)


def link_by_equality(corpus: Corpus) -> Finding:
    """Look for a word or an address that two consents, requests or subjects share, other than who sent them."""
    places: dict[bytes, set[bytes]] = {}
    for name, (key, has_own_call) in _OF_ONE.items():
        for transaction, event in corpus.events(name):
            words = {word for value in event.args.values() for word in words_of(value)}
            if has_own_call:
                words |= set(words_of_calldata(transaction.data))
            for word in words:
                places.setdefault(word, set()).add(event.args[key])
    senders = {
        word
        for name in _OF_ONE
        for _, event in corpus.events(name)
        for part in _SENDERS
        for word in words_of(event.args.get(part))
    }
    owners = {word: found for word, found in places.items() if word not in senders}
    # a grant that answers a request names both, which is declared apart
    answers = {event.args["id"]: event.args["requestId"] for _, event in corpus.events("RequestGranted")}
    shared = [word for word, found in owners.items() if len({answers.get(one, one) for one in found}) > 1]
    return Finding(
        "links: words that two consents or subjects share",
        "every word and address of their calls and logs (ids, commitments, keys, tickets, digests), for equality",
        len(places),
        len(shared),
        certain=True,
        examples=tuple("0x" + word.hex() for word in shared[:5]),
    )


def link_consents(corpus: Corpus, shown: BankView, truth: GroundTruth) -> list[Finding]:
    """Link consents of one firm and of one bank to each other, and consents to subject ids, from all that happens."""
    known = {one: trace for one, trace in traces(corpus).consents.items() if one in truth.consents}
    rows = [trace.features() for trace in known.values()]
    owners = [truth.consents[one].code for one in known]
    banks = [truth.consents[one].bank for one in known]
    questions = [float(truth.consents[one].questions) for one in known]
    purposes = [truth.consents[one].purpose for one in known]
    hidden = [(trace.grant, trace.args) for trace in known.values() if trace.args["id"] not in shown.consents]
    return [
        *_belonging("links: consents of one firm by", rows, owners),
        _by_time("links: consents of one firm by", [trace.places for trace in known.values()], owners),
        *(
            _questions(f"links: questions of a consent from its {name}", [row[name] for row in rows], questions)
            for name in ("gas", "size of calldata, zero bytes", "number of uses")
        ),
        *_consent_to_subject(corpus, hidden, truth),
        *_belonging("links: bank of a consent by", rows, banks),
        *([] if None in purposes else [_purpose_by_bounds(rows, [str(purpose) for purpose in purposes])]),
    ]


def link_requests(corpus: Corpus, truth: GroundTruth) -> list[Finding]:
    """Link requests of one firm and of one bank to each other; the answered ones name their consent by design."""
    followed = traces(corpus)
    known = {one: asked for one, asked in followed.requests.items() if one in truth.requests}
    rows = [asked.features() for asked in known.values()]
    granted = sum(asked.is_granted for asked in known.values())
    named = sum(trace.asked is not None for trace in followed.consents.values())
    n = len(followed.consents)
    return [
        *_belonging("links: requests to one firm by", rows, [truth.requests[one].code for one in known]),
        *_belonging("links: requests of one bank by", rows, [truth.requests[one].bank for one in known]),
        Finding(
            "links: consent of a granted request",
            "RequestGranted names both",
            granted,
            named,
            granted,
            named / granted if granted else None,
            1 / n if n else None,
            binomial_tail(named, granted, 1 / n) if n > 1 else 1.0,
            by_design=_REQUEST_BY_DESIGN,
        ),
    ]


def _belonging(attack: str, rows: Sequence[Mapping[str, float]], owners: Sequence[str]) -> list[Finding]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [*(_by_feature(attack, name, rows, owners) for name in names), _by_all(attack, rows, owners)]


def _purpose_by_bounds(rows: Sequence[Mapping[str, float]], purposes: Sequence[str]) -> Finding:
    """Guess the purpose that most other consents with the same bounds have, or else most consents at all."""
    n = len(rows)
    attack, tried = "links: purpose of a consent by its bounds", "what others with the same time and uses are for"
    if n < _FEWEST or len(set(purposes)) == 1:
        return Finding(attack, tried + " (too few, or all alike)", 0)
    bounds = [(row["length of validity"], row["number of uses"]) for row in rows]
    alike: dict[tuple[float, float], Counter[str]] = {}
    for bound, purpose in zip(bounds, purposes, strict=True):
        alike.setdefault(bound, Counter())[purpose] += 1
    usual, chance = majority(purposes)
    hits = 0
    for bound, purpose in zip(bounds, purposes, strict=True):
        others = alike[bound] - Counter([purpose])
        hits += purpose == (others.most_common(1)[0][0] if others else usual)
    p = binomial_tail(hits, n, chance)
    return Finding(attack, tried, n, hits, n, hits / n, chance, p, by_design=_BOUNDS_BY_DESIGN)


def _questions(attack: str, shown: Sequence[float], questions: Sequence[float]) -> Finding:
    rho, p = rank_correlation(shown, questions)
    return Finding(attack, "rank correlation (accuracy: |rho|)", len(shown), 0, len(shown), abs(rho), 0.0, p)


def _consent_to_subject(
    corpus: Corpus, grants: Sequence[tuple[Transaction, dict[str, Any]]], truth: GroundTruth
) -> list[Finding]:
    registered = [
        (transaction.block, truth.subjects[event.args["subjectId"]])
        for transaction, event in corpus.events("SubjectRegistered")
        if event.args["subjectId"] in truth.subjects
    ]
    if not registered:
        return []
    newest = []
    for transaction, _ in grants:
        earlier = [code for block, code in registered if block <= transaction.block]
        newest.append(earlier[-1] if earlier else registered[0][1])
    same_rank = [registered[place % len(registered)][1] for place in range(len(grants))]
    codes = [truth.consents[args["id"]].code for _, args in grants]
    return [
        _guessed(f"links: subject of a consent by {name}", guesses, codes, len(registered))
        for name, guesses in (("the newest registration", newest), ("the order of registrations", same_rank))
    ]


def _guessed(attack: str, guesses: Sequence[str], codes: Sequence[str], subjects: int) -> Finding:
    tried = "consents that the bank was not shown, each with one subject id"
    if not codes or subjects == 1:
        return Finding(attack, tried, 0)
    n, (_, chance) = len(codes), majority(codes)
    right = sum(guess == code for guess, code in zip(guesses, codes, strict=True))
    return Finding(attack, tried, n * subjects, right, n, right / n, chance, binomial_tail(right, n, chance))


def link_registrations(corpus: Corpus) -> Finding:
    """Link subject ids to the batches of one that follow them; opaque on both sides, so declared, not broken."""
    subjects = [transaction.block for transaction, _ in corpus.events("SubjectRegistered")]
    singles = [
        transaction.block
        for transaction, event in corpus.events("BatchAnchored")
        if (event.args["stream"], event.args["size"]) == (ATTESTATIONS, 1)
    ]
    linked = sum(any(0 <= single - block <= 1 for single in singles) for block in subjects)
    n = len(subjects)
    return Finding(
        "links: subject id to the batch of its registration by time",
        "the next block's batch of one is taken for it",
        n,
        linked,
        n,
        linked / n if n else None,
        1 / n if n else None,
        binomial_tail(linked, n, 1 / n) if n > 1 else 1.0,
        by_design=_REGISTRATION_BY_DESIGN,
    )


def _by_feature(attack: str, name: str, rows: Sequence[Mapping[str, float]], owners: Sequence[str]) -> Finding:
    """Guess that neighbours in one feature belong together; ties stand in an order that says nothing."""
    there = [place for place, row in enumerate(rows) if name in row]
    groups: dict[float, list[int]] = {}
    for at, place in enumerate(there):
        groups.setdefault(rows[place][name], []).append(at)
    tried = f"neighbours when sorted by {name} are taken for one owner"
    return _score(f"{attack} {name}", tried, _neighbours(groups), [owners[place] for place in there], len(groups))


def _by_all(attack: str, rows: Sequence[Mapping[str, float]], owners: Sequence[str]) -> Finding:
    """Guess that the two that are most alike in everything together belong together."""
    ranked = _ranked(rows)

    def distance(one: int, other: int) -> float:
        names = ranked[one].keys() | ranked[other].keys()
        # what happened to one of the two alone sets them as far apart as can be
        gaps = (abs(ranked[one].get(name, 2.0) - ranked[other].get(name, 2.0)) for name in names)
        return sum(min(gap, 1.0) for gap in gaps) / len(names)

    tried = "the most similar one in all features together, by rank, is taken for one of the same owner"
    return _score(f"{attack} everything together", tried, _closest(len(rows), distance), owners, len(rows))


def _by_time(attack: str, places: Sequence[Sequence[int]], owners: Sequence[str]) -> Finding:
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
