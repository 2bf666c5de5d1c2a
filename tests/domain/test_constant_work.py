"""The work of committing and proving does not depend on the value: counted in hashes, through the real code.

A hash is counted with its tag and the length of its input, so that equal counts are equal work and not a balance of
different kinds. Times would depend on the machine; counts do not.
"""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain import hashing, proof
from ledger_node.domain.commitment import Committer
from ledger_node.domain.proof import check_proof
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Between
from tests.kit.every_kind import (
    ABSENT,
    COMMITTER,
    ENUMS,
    LADDERS,
    PLAINS,
    SCHEMA,
    SEED,
    SETS,
    commit,
    edges,
    statements_about,
    thresholds,
    values_of,
)

STEP = b"\x22"


@contextmanager
def counted():
    """Count the calls of keccak by (tag, length of the input), and those of the key derivation."""
    counts = Counter()
    real_keccak, real_keyed = hashing._keccak_256, hashing._keyed

    class CountingHmac:
        def __init__(self, seed):
            self._seed = seed

        def copy(self):
            real = real_keyed(self._seed).copy()

            class Copy:
                finalize = real.finalize

                def update(self, message):
                    counts["kdf", len(message)] += 1
                    real.update(message)

            return Copy()

    def counting_keccak(data):
        counts[bytes(data[:1]), len(data)] += 1
        return real_keccak(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "_keccak_256", counting_keccak)
        patch.setattr(hashing, "_keyed", CountingHmac)
        yield counts


def work_to_prove(committed, field, statement) -> Counter:
    # the first proof of a request: it commits to all fields, and later ones of the same attestation do not
    fresh = replace(committed, prover=replace(committed.prover))
    with counted() as counts:
        fresh.prove(field, statement)
    return counts


def work_to_commit(values) -> Counter:
    with counted() as counts:
        COMMITTER.commit(SEED, values)
    return counts


def steps(counts) -> int:
    return sum(count for (tag, _), count in counts.items() if tag == STEP)


def calls_by_tag(counts) -> Counter:
    """The counts whatever the length of the inputs; that of a plain text is not hidden."""
    by_tag = Counter()
    for (tag, _), count in counts.items():
        by_tag[tag] += count
    return by_tag


def all_equal(works) -> bool:
    works = list(works)
    return all(work == works[0] for work in works)


@pytest.mark.parametrize("field", LADDERS, ids=lambda field: field.name)
def test_proving_on_a_ladder_takes_the_same_hashes_for_every_idx_and_statement(field):
    every_idx = {field.ladder.idx(value): commit(**{field.name: value}) for value in edges(field)}
    statements = [s for s in statements_about(field) if not isinstance(s, Between) or s.high == s.low + 1]
    works = [work_to_prove(committed, field, s) for committed in every_idx.values() for s in statements]
    assert sorted(every_idx) == list(range(len(thresholds(field)) + 1))
    assert all_equal(works)
    # both chains of the field to their ends, and once through every ladder of the commitment
    assert steps(works[0]) == 2 * len(thresholds(field)) + sum(len(thresholds(each)) for each in LADDERS)


@pytest.mark.parametrize("field", LADDERS, ids=lambda field: field.name)
def test_committing_takes_the_same_hashes_for_every_idx(field):
    works = [work_to_commit(commit(**{field.name: value}).prover.values) for value in edges(field)]
    assert all_equal(works)
    assert steps(works[0]) == sum(len(thresholds(each)) for each in LADDERS)


@pytest.mark.parametrize("field", ENUMS, ids=lambda field: field.name)
def test_proving_a_set_takes_the_same_hashes_for_every_member_that_gets_the_same_answer(field):
    for statement in statements_about(field):
        works = {}
        for member in field.members:
            committed = commit(**{field.name: member})
            opened = len(committed.prove(field, statement).opening.opened)
            works.setdefault(opened, []).append(work_to_prove(committed, field, statement))
        # only how many bits the answer opens shows in the work, and the bank sees that in the answer
        assert all(all_equal(found) for found in works.values())


@pytest.mark.parametrize("field", SETS, ids=lambda field: field.name)
def test_proving_about_a_set_takes_the_same_hashes_whatever_it_holds(field):
    for statement in statements_about(field):
        assert all_equal(work_to_prove(commit(**{field.name: held}), field, statement) for held in edges(field))


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from(SCHEMA.fields))
def test_the_work_does_not_tell_what_other_fields_hold(data, field):
    others = [other for other in SCHEMA.fields if other != field]
    one, two = ({o.name: data.draw(values_of(o) | st.just(ABSENT)) for o in others} for _ in range(2))
    statement = next(iter(statements_about(field)))
    works = [calls_by_tag(work_to_prove(commit(**values), field, statement)) for values in (one, two)]
    assert all_equal(works)


@pytest.mark.parametrize("other", SCHEMA.fields[1:], ids=lambda field: field.name)
def test_the_work_does_not_tell_whether_another_field_is_absent(other):
    asked = LADDERS[0]
    present = work_to_prove(commit(), asked, AtLeast(1))
    absent = work_to_prove(commit(**{other.name: ABSENT}), asked, AtLeast(1))
    if other in PLAINS:
        assert calls_by_tag(absent) == calls_by_tag(present)
    else:
        assert absent == present


@pytest.mark.parametrize("value", [0, 1, 405, 810, 811])
def test_a_ladder_of_810_steps_costs_the_same_for_the_smallest_and_the_largest_amount(value):
    spec = {"name": "l", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": 1, "to": 810}}
    schema = Schema.from_json({"name": "long", "version": 1, "fields": [spec]})
    prover = proof.Prover(Committer(schema), SEED, (value,))
    with counted() as counts:
        shown = prover.prove(schema.fields[0], AtLeast(405), may_disclose=False)
    assert steps(counts) == 3 * 810
    root = Committer(schema).commit(SEED, (value,)).root
    with counted() as checking:
        check_proof(schema, root, schema.fields[0], AtLeast(405), shown)
    # what the verifier does depends on question and answer, which it knows
    assert steps(checking) == (405 if value >= 405 else 406)


def test_control_a_prover_that_walks_only_as_far_as_it_must_is_caught(monkeypatch):
    field = LADDERS[0]

    def lazy_ladder(self, field, statement, value):
        honest = real(self, field, statement, value)
        hashing.walk(bytes(32), bytes(32), field.ladder.idx(value))
        return honest

    real = proof.Prover._ladder
    monkeypatch.setattr(proof.Prover, "_ladder", lazy_ladder)
    assert not all_equal(work_to_prove(commit(**{field.name: value}), field, AtLeast(1)) for value in edges(field))


def test_everything_is_counted():
    tags = {tag for tag, _ in work_to_commit(commit().prover.values)}
    assert {b"\x00", b"\x01", b"\x02", b"\x10", b"\x11", b"\x12", b"\x13", STEP, "kdf"} <= tags
