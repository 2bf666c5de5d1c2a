"""Attacks that prove themselves: a digest that was seen is found again by hashing something guessable."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from api.catalogue.datatype import data_types, schemas
from api.lab.attack.bank_view import BankView
from api.lab.attack.candidate import Candidate, consent_candidates, subject_candidates, value_candidates
from api.lab.attack.corpus import Corpus, spread
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.report import Finding
from api.lab.attack.score import binomial_tail, majority

_EXAMPLES = 5
_MAX_PUBLICS = 300
_CONSENT_PUBLICS = 150
_AMOUNTS = ("paid_amount", "sales_income")


@dataclass(frozen=True, slots=True)
class Hit:
    """A seen word (``place``) that equals a construction over ``what``."""

    what: str
    construction: str
    place: str


@dataclass(frozen=True, slots=True)
class GuessInputs:
    """What a digest may be hit in, and which public words may have served as salt or key."""

    targets: dict[bytes, str]
    publics: Sequence[bytes]
    codes: Sequence[str]
    now: int


def guess_inputs_of(corpus: Corpus, shown: BankView, codes: Sequence[str]) -> GuessInputs:
    """Return targets (all words but those the bank was told) and public salts, the likeliest first."""
    targets = {word: place for word, place in {**corpus.words, **shown.words}.items() if word not in shown.told}
    fixed = [data_type.schema.id for data_type in data_types().values()]
    likely = [*fixed, bytes(32), *shown.words, *spread(corpus.publics)]
    now = corpus.transactions[-1].time if corpus.transactions else 0
    return GuessInputs(targets, list(dict.fromkeys(likely))[:_MAX_PUBLICS], codes, now)


def hunt(candidates: Iterable[Candidate], targets: dict[bytes, str]) -> tuple[int, list[Hit]]:
    """Return how many candidates there were, and those that were seen."""
    count, hits = 0, []
    for count, (digest, construction, what) in enumerate(candidates, 1):  # noqa: B007 - the last count is the result
        if digest in targets:
            hits.append(Hit(what, construction, targets[digest]))
    return count, hits


def finding_of(attack: str, tried: str, count: int, hits: Sequence[Hit]) -> Finding:
    """Return what a hunt came to."""
    examples = tuple(f"{hit.what}: {hit.construction}, seen as {hit.place}" for hit in hits[:_EXAMPLES])
    return Finding(attack, tried, count, len({hit.what for hit in hits}), certain=True, examples=examples)


def guess_subjects(seen: GuessInputs, truth: GroundTruth | None) -> list[Finding]:
    """Find credit codes behind seen words."""
    count, hits = hunt(subject_candidates(seen.codes, seen.publics), seen.targets)
    real = {item.code for item in truth.attestations} if truth is not None else set()
    first = replace(
        finding_of(
            "subjects: hashes of credit codes",
            "hashes of every credit code: plain, tagged, doubled, padded, salted or keyed with public words",
            count,
            hits,
        ),
        items=len(seen.codes),
        accuracy=len({hit.what for hit in hits} & real) / len(real) if real else None,
        chance=1 / len(seen.codes) if real else None,
    )
    second = finding_of(
        "links: consent ids without a salt",
        "hashes of credit code, public word (bank, subject, schema …) and purpose or small number",
        *hunt(consent_candidates(seen.codes, seen.publics[:_CONSENT_PUBLICS]), seen.targets),
    )
    return [first, second]


def guess_values(seen: GuessInputs, truth: GroundTruth | None) -> list[Finding]:
    """Find values behind seen words, and say how many grades and amount buckets that gives."""
    count, hits = hunt(value_candidates(seen.codes, seen.publics, seen.now), seen.targets)
    tried = "hashes of every value of a small domain and every threshold: alone, tagged, salted, with each code"
    figures = [] if truth is None else _value_figures(dict(_recovered(hits)), truth, count)
    return [finding_of("values: hashes of values", tried, count, hits), *figures]


def _recovered(hits: Iterable[Hit]) -> Iterator[tuple[tuple[str, str], str]]:
    for hit in hits:
        named, _, code = hit.what.partition(" of ")
        name, _, value = named.partition("=")
        yield (code, name), value


def bucket(schema: str, name: str, value: object) -> str:
    """Return what an attack tries to name: the value, or for an amount the step of the ladder below it."""
    ladder = schemas()[schema].field(name).ladder
    if ladder is None or name not in _AMOUNTS or not isinstance(value, int):
        return str(value)
    below = ladder.idx(value)
    return str(ladder.points[below - 1]) if below else "0"


def _value_figures(recovered: dict[tuple[str, str], str], truth: GroundTruth, count: int) -> Iterator[Finding]:
    for schema, name in fields_of(truth):
        labels = [
            (item.code, bucket(schema, name, item.values[name]))
            for item in truth.attestations
            if item.schema == schema and name in item.values
        ]
        usual, share = majority([value for _, value in labels])
        right = sum(recovered.get((code, f"{schema}.{name}"), usual) == value for code, value in labels)
        yield Finding(
            f"values: {schema}.{name}",
            "what the hashes gave, and the majority where they gave nothing",
            count,
            sum((code, f"{schema}.{name}") in recovered for code, _ in labels),
            len(labels),
            right / len(labels),
            share,
            binomial_tail(right, len(labels), share) if right > round(share * len(labels)) else 1.0,
        )


def fields_of(truth: GroundTruth) -> list[tuple[str, str]]:
    """Return the (schema, field) pairs that the truth knows."""
    return list(dict.fromkeys((item.schema, name) for item in truth.attestations for name in item.values))
