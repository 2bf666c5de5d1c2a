"""Completeness: every statement about every kind of field is answered, rightly and with a proof that checks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode
from ledger_node.domain.commitment import FieldProof, proof_from_json, proof_to_json
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Mode
from ledger_node.domain.statement import Equals, Reveal
from tests.kit.every_kind import (
    ABSENT,
    COMMITTER,
    ENUMS,
    LADDERS,
    NO_END,
    NONE,
    PLAINS,
    SCHEMA,
    SETS,
    commit,
    edges,
    is_true,
    seeds,
    statements_about,
    thresholds,
    truth,
    values_of,
)
from tests.kit.world import h


def require_right_answers(committed, field, *asked):
    """Prove and check every statement; the verdict must be the truth, also after a journey as JSON."""
    for statement in statements_about(field, *asked):
        proof = committed.prove(field, statement)
        expected = truth(statement, field, committed.value(field))
        assert check_proof(SCHEMA, committed.root, field, statement, proof) is expected, statement
        journey = decode(json.dumps(proof_to_json(proof, field)).encode())
        assert proof_from_json(journey, field) == proof


@pytest.mark.parametrize("field", [*LADDERS, *ENUMS, *SETS], ids=lambda field: field.name)
def test_every_statement_is_answered_rightly_on_both_edges_of_every_step(field):
    for value in edges(field):
        require_right_answers(commit(**{field.name: value}), field)


@pytest.mark.parametrize("field", LADDERS, ids=lambda field: field.name)
def test_the_edges_reach_every_step_and_both_ends(field):
    assert {field.ladder.idx(value) for value in edges(field)} == set(range(len(thresholds(field)) + 1))
    assert list(field.ladder.thresholds) == thresholds(field)
    assert NONE not in edges(field) or field.ladder.idx(NONE) == 0
    assert NO_END not in edges(field) or field.ladder.idx(NO_END) == len(thresholds(field))


@settings(deadline=None, max_examples=60)
@given(st.data(), seeds, st.sampled_from(SCHEMA.fields))
def test_every_statement_is_answered_rightly_whatever_the_other_fields_hold(data, seed, looked_at):
    values = {field.name: data.draw(st.just(ABSENT) | values_of(field), field.name) for field in SCHEMA.fields}
    committed = commit(seed=seed, **values)
    asked = (values[looked_at.name], data.draw(values_of(looked_at))) if looked_at.mode is Mode.PLAIN else ()
    require_right_answers(committed, looked_at, *(value for value in asked if value is not ABSENT))


@pytest.mark.parametrize("field", SCHEMA.fields, ids=lambda field: field.name)
def test_an_absent_value_answers_every_statement_with_the_proof_that_it_is_absent(field):
    committed = commit(**{field.name: ABSENT})
    asked = [commit().value(field)] if field.mode is Mode.PLAIN else []
    require_right_answers(committed, field, *asked)
    for statement in statements_about(field, *asked):
        assert committed.prove(field, statement) == committed.prove(field, Reveal())


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(PLAINS))
def test_without_disclosure_a_plain_value_is_shown_to_who_names_it_and_to_nobody_else(data, field):
    value, asked = data.draw(values_of(field)), data.draw(values_of(field))
    committed = commit(**{field.name: value})
    for name in (value, asked):
        answer = committed.prover.prove(field, Equals(name), may_disclose=False)
        if is_true(Equals(name), field, value):
            assert check_proof(SCHEMA, committed.root, field, Equals(name), answer) is Outcome.HOLDS
        else:
            assert answer is Reason.NEEDS_DISCLOSURE


@settings(deadline=None, max_examples=5)
@given(st.data(), st.sampled_from([*LADDERS, *ENUMS, *SETS]))
def test_ladders_enums_and_sets_never_need_disclosure(data, field):
    committed = commit(**{field.name: data.draw(values_of(field))})
    for statement in statements_about(field):
        shown = committed.prover.prove(field, statement, may_disclose=False)
        assert isinstance(shown, FieldProof)
        assert shown == committed.prove(field, statement)


def test_one_seed_reproduces_the_whole_commitment():
    values = commit().prover.values
    assert COMMITTER.commit(h(1), values) == COMMITTER.commit(h(1), values)
    assert COMMITTER.commit(h(1), values).root != COMMITTER.commit(h(2), values).root
