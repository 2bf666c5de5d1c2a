"""Attacks on links: what belongs together by equality, order, time, gas or size."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from api.attack.corpus import Corpus, Transaction
from api.attack.report import Finding
from api.attack.score import binomial_tail, permutation_p, rank_correlation
from api.attack.shown import Shown
from api.attack.truth import Truth
from ledger_node.domain.batch import ATTESTATIONS

_MIN_CONSENTS = 4
_REGISTRATION_BY_DESIGN = (
    "a registration is anchored right behind its subject id: two opaque ids, no firm; a bank is told both anyway"
)


def link_by_equality(corpus: Corpus) -> Finding:
    """Look for a word that two consents or two subjects share, other than what all of them may share."""
    places: dict[bytes, set[bytes]] = {}
    for name, key in (("ConsentGranted", "id"), ("SubjectRegistered", "subjectId")):
        for transaction, event in corpus.events(name):
            data = transaction.data
            words = {data[start : start + 32] for start in range(4, len(data) - 31, 32)}
            words |= {value for value in event.args.values() if isinstance(value, bytes)}
            for word in words:
                if any(word[:8]):
                    places.setdefault(word, set()).add(event.args[key])
    everywhere = {event.args["relayer"] for _, event in corpus.events("ConsentGranted")}
    shared = [word for word, owners in places.items() if len(owners) > 1 and word not in everywhere]
    return Finding(
        "links: words that two consents or subjects share",
        "every 32-byte word of their transactions and logs (revocation hashes, commitments, ids), for equality",
        len(places),
        len(shared),
        certain=True,
        examples=tuple("0x" + word.hex() for word in shared[:5]),
    )


def link_consents(corpus: Corpus, shown: Shown, truth: Truth) -> list[Finding]:
    """Link consents of one firm to each other, and consents to subject ids, from what the chain shows of them."""
    grants = [
        (transaction, event.args)
        for transaction, event in corpus.events("ConsentGranted")
        if event.args["id"] in truth.consents
    ]
    owners = [truth.consents[arguments["id"]].code for _, arguments in grants]
    features: dict[str, list[float]] = {
        "order of granting": [float(place) for place in range(len(grants))],
        "gas": [float(transaction.gas) for transaction, _ in grants],
        "size of calldata, zero bytes": [_weight(transaction) for transaction, _ in grants],
        "length of validity": [float(args["expiresAt"] - args["notBefore"]) for _, args in grants],
        "number of uses": [float(args["maxUses"]) for _, args in grants],
        "delay from signing to block": [float(transaction.time - args["notBefore"]) for transaction, args in grants],
    }
    findings = [_same_owner(name, values, owners) for name, values in features.items()]
    first_use = _first_use(corpus)
    used = [place for place, (_, args) in enumerate(grants) if args["id"] in first_use]
    waits = [float(first_use[grants[place][1]["id"]] - grants[place][0].block) for place in used]
    findings.append(_same_owner("wait for the first use", waits, [owners[place] for place in used]))
    questions = [float(truth.consents[args["id"]].questions) for _, args in grants]
    for name in ("gas", "size of calldata, zero bytes", "number of uses"):
        rho, p = rank_correlation(features[name], questions)
        findings.append(_correlation(f"links: questions of a consent from its {name}", len(grants), rho, p))
    hidden = [(transaction, args) for transaction, args in grants if args["id"] not in shown.consents]
    findings += _consent_to_subject(corpus, hidden, truth)
    banks = [truth.consents[args["id"]].bank for _, args in grants]
    findings += [_same_owner(name, values, banks, "links: bank of a consent by") for name, values in features.items()]
    return findings


def _weight(transaction: Transaction) -> float:
    return float(len(transaction.data) * 1000 + transaction.data.count(0))


def _first_use(corpus: Corpus) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for transaction, event in corpus.events("UseRecorded"):
        found.setdefault(event.args["consentId"], transaction.block)
    return found


def _same_owner(
    name: str, values: Sequence[float], owners: Sequence[str], attack: str = "links: consents of one firm by"
) -> Finding:
    """Guess that neighbours in a feature belong together; ties stand in an order that says nothing."""
    attack, tried = f"{attack} {name}", f"neighbours when sorted by {name} are taken for one owner"
    n = len(owners)
    if n < _MIN_CONSENTS or len(set(owners)) in {0, 1, n} or len(set(values)) < 2:  # noqa: PLR2004 - all alike
        return Finding(attack, tried + " (too few, or all alike)", 0)
    groups: dict[float, list[int]] = {}
    for place, value in enumerate(values):
        groups.setdefault(value, []).append(place)
    pairs = _neighbours(groups)

    def together(order: Sequence[int]) -> float:
        return sum(owners[order[a]] == owners[order[b]] for a, b in pairs) / len(pairs)

    accuracy = together(range(n))
    counts = [owners.count(owner) for owner in owners]
    chance = sum(count - 1 for count in counts) / (n * (n - 1))
    p = permutation_p(accuracy, together, n)
    return Finding(attack, tried, len(pairs), round(accuracy * len(pairs)), len(pairs), accuracy, chance, p)


def _neighbours(groups: dict[float, list[int]]) -> list[tuple[int, int]]:
    """Return the pairs to guess: within a value if some repeat, else next to each other."""
    if len(groups) < sum(map(len, groups.values())) / 2:
        return [(a, b) for places in groups.values() for at, a in enumerate(places) for b in places[at + 1 :]]
    ordered = [place for value in sorted(groups) for place in groups[value]]
    return list(pairwise(ordered))


def _correlation(attack: str, n: int, rho: float, p: float) -> Finding:
    return Finding(attack, "rank correlation (accuracy: |rho|)", n, 0, n, abs(rho), 0.0, p)


def _consent_to_subject(
    corpus: Corpus, grants: Sequence[tuple[Transaction, dict[str, object]]], truth: Truth
) -> list[Finding]:
    registered = [
        (transaction.block, truth.subjects[event.args["subjectId"]])
        for transaction, event in corpus.events("SubjectRegistered")
        if event.args["subjectId"] in truth.subjects
    ]
    if not registered:
        return []

    def newest(place: int) -> str:
        earlier = [code for block, code in registered if block <= grants[place][0].block]
        return earlier[-1] if earlier else registered[0][1]

    def same_rank(place: int) -> str:
        return registered[place % len(registered)][1]

    ways: dict[str, Callable[[int], str]] = {"the newest registration": newest, "the order of registrations": same_rank}
    findings = []
    for name, guess in ways.items():
        attack = f"links: subject of a consent by {name}"
        tried = "consents that the bank was not shown, each with one subject id"
        if not grants or len(registered) == 1:
            findings.append(Finding(attack, tried, 0))
            continue
        codes = [truth.consents[_bytes(args["id"])].code for _, args in grants]
        right = sum(guess(place) == code for place, code in enumerate(codes))
        chance = max(codes.count(code) for code in set(codes)) / len(codes)
        p = binomial_tail(right, len(codes), chance)
        findings.append(
            Finding(
                attack,
                tried,
                len(codes) * len(registered),
                right,
                len(codes),
                right / len(codes),
                chance,
                p,
            )
        )
    return findings


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)  # noqa: S101 - as the contract's interface says
    return value


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
