"""Privacy under repetition: everything shown for a value follows from the strongest statements shown.

The simulator knows the schema and what the strongest answers showed, and nothing else: neither value, idx nor seed. It
computes with the naive reference. That it reproduces every answer byte for byte means that the others add nothing.
"""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import encode
from ledger_node.domain.commitment import (
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    CodesOpening,
    FieldProof,
    PlainOpening,
    proof_to_json,
)
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from tests.kit import reference
from tests.kit.every_kind import (
    ABSENT,
    ENUMS,
    LADDERS,
    PLAINS,
    SCHEMA,
    SETS,
    SPEC,
    commit,
    edges,
    seeds,
    sets_of,
    statements_about,
    thresholds,
    truth,
    values_of,
)

SCHEMA_ID = reference.schema_id(SPEC)


@dataclass(frozen=True)
class View:
    """What is known of a ladder: L_low <= v < L_high, and the value of either chain that showed it.

    ``low`` 0 and ``high`` K + 1 stand for no bound; what is known of the chain is its tip then, if anything is.
    """

    field: object
    low: int = 0
    up: bytes | None = None
    high: int = 0
    down: bytes | None = None

    def simulate(self, statement):
        """The opening of a statement, from the view alone; None if the view does not decide it."""
        match statement:
            case AtLeast(j) if j <= self.low:
                return AtLeastOpening(self.up_at(j), self.down_at(self.count + 1))
            case Below(j) if j >= self.high:
                return BelowOpening(self.down_at(j), self.up_at(0))
            case AtLeast(j) if j >= self.high:
                return self.simulate(Below(j))
            case Below(j) if j <= self.low:
                return self.simulate(AtLeast(j))
            case Between(low, high) if low <= self.low and self.high <= high:
                return BetweenOpening(self.up_at(low), self.down_at(high))
            case Between(_, high) if high <= self.low:
                return self.simulate(AtLeast(high))
            case Between(low, _) if low >= self.high:
                return self.simulate(Below(low))
            case _:
                return None

    @property
    def count(self):
        return len(thresholds(self.field))

    def up_at(self, j):
        """The value of the upper chain that shows v >= L_j, stepped from the one that shows v >= L_low."""
        ctx = reference.context(SCHEMA_ID, self.field.index, 0)
        return reference.step(ctx, self.up, self.low - j)

    def down_at(self, j):
        """The value of the lower chain that shows v < L_j, stepped from the one that shows v < L_high."""
        ctx = reference.context(SCHEMA_ID, self.field.index, 1)
        return reference.step(ctx, self.down, j - self.high)


def view_of(field, answers) -> View:
    """The strongest bounds among the openings that were shown, and what shows them."""
    beyond = len(thresholds(field)) + 1
    ups, downs = {}, {}
    for statement, opening in answers:
        low, high = bounds_shown(statement, opening, beyond)
        match opening:
            case AtLeastOpening(head, tip):
                ups[low], downs[beyond] = head, tip
            case BelowOpening(head, tip):
                downs[high], ups[0] = head, tip
            case BetweenOpening(up, down):
                ups[low], downs[high] = up, down
    low, high = max(ups), min(downs)
    return View(field, low, ups[low], high, downs[high])


def bounds_shown(statement, opening, beyond):
    """(low, high) with L_low <= v < L_high, for a statement and the kind of opening that answered it."""
    match statement, opening:
        case ((AtLeast(j) | Below(j) | Between(_, j)), AtLeastOpening()):
            return j, beyond
        case ((AtLeast(j) | Below(j) | Between(j, _)), BelowOpening()):
            return 0, j
        case Between(low, high), BetweenOpening():
            return low, high


def decided(statement, low, high) -> bool:
    """Whether L_low <= v < L_high decides a statement: it says the same of every idx that is left."""
    match statement:
        case AtLeast(j):
            answers = {idx >= j for idx in range(low, high)}
        case Below(j):
            answers = {idx < j for idx in range(low, high)}
        case Between(first, second):
            # which side of a range a value lies on is part of the answer "no"
            answers = {side_of(idx, first, second) for idx in range(low, high)}
    return len(answers) == 1


def side_of(number, low, high) -> int:
    """-1, 0 or 1: below, within or above low <= number < high."""
    return (number >= low) + (number >= high) - 1


def wire(field, opening, honest) -> bytes:
    """The bytes that go to the bank."""
    return encode(proof_to_json(FieldProof(opening, honest.salt, honest.path), field))


@settings(deadline=None, max_examples=40)
@given(st.data(), seeds, st.sampled_from(LADDERS))
def test_all_answers_about_a_ladder_follow_from_the_strongest_two_byte_for_byte(data, seed, field):
    committed = commit(seed=seed, **{field.name: data.draw(values_of(field))})
    everything = list(statements_about(field))
    asked = data.draw(st.lists(st.sampled_from(everything), min_size=1, max_size=12))
    proofs = [(statement, committed.prove(field, statement)) for statement in asked]
    view = view_of(field, [(statement, proof.opening) for statement, proof in proofs])
    # salt and path are the same whatever is asked
    assert len({(proof.salt, proof.path) for _, proof in proofs}) == 1
    for statement, proof in proofs:
        assert wire(field, view.simulate(statement), proof) == wire(field, proof.opening, proof)
    # and the view is no more than the bounds: what these do not decide, it does not show
    for statement in everything:
        simulated = view.simulate(statement)
        if decided(statement, view.low, view.high):
            assert simulated == committed.prove(field, statement).opening
        else:
            assert simulated is None


@pytest.mark.parametrize("field", LADDERS, ids=lambda field: field.name)
def test_two_answers_reproduce_everything_that_can_ever_be_shown_of_a_ladder(field):
    count = len(thresholds(field))
    for value in edges(field):
        committed, idx = commit(**{field.name: value}), field.ladder.idx(value)
        strongest = [AtLeast(idx)] * (idx > 0) + [Below(idx + 1)] * (idx < count)
        view = view_of(field, [(s, committed.prove(field, s).opening) for s in strongest])
        for statement in statements_about(field):
            assert view.simulate(statement) == committed.prove(field, statement).opening


def test_control_a_simulator_with_a_weaker_view_does_not_reproduce_a_stronger_answer():
    field = LADDERS[0]
    committed = commit(**{field.name: thresholds(field)[4]})
    weak = view_of(field, [(AtLeast(2), committed.prove(field, AtLeast(2)).opening)])
    assert weak.simulate(AtLeast(3)) is None
    guessed = AtLeastOpening(weak.up, weak.down)
    assert guessed != committed.prove(field, AtLeast(3)).opening
    assert weak.simulate(AtLeast(1)) == committed.prove(field, AtLeast(1)).opening


# enums: what is shown is keys of opened bits, and digests of all bits


def opened_by(field, statement, answer) -> frozenset[int]:
    """The bits that an answer opens, from question and answer alone."""
    everything = frozenset(range(len(field.members)))
    match statement, answer:
        case (OneOf(asked), Outcome.HOLDS) | (NoneOf(asked), Outcome.DOES_NOT_HOLD):
            return everything - asked
        case (OneOf(asked), Outcome.DOES_NOT_HOLD) | (NoneOf(asked), Outcome.HOLDS):
            return asked


def simulated_bits(count, keys, shut, opened) -> BitsOpening:
    """The opening of these bits, from the keys of all that were ever opened and the digests of the others."""

    def digest(j):
        return reference.H(b"\x13", j.to_bytes(2, "big"), keys[j], b"\x00") if j in keys else shut[j]

    rest = [j for j in range(count) if j not in opened]
    return BitsOpening({j: keys[j] for j in sorted(opened)}, {j: digest(j) for j in rest})


@settings(deadline=None, max_examples=80)
@given(st.data(), seeds, st.sampled_from(ENUMS))
def test_all_answers_about_an_enum_follow_from_the_bits_that_were_opened_byte_for_byte(data, seed, field):
    value = data.draw(values_of(field))
    committed, count = commit(seed=seed, **{field.name: value}), len(field.members)
    sets = st.sampled_from(sets_of(field))
    asked = data.draw(st.lists(sets.map(OneOf) | sets.map(NoneOf), min_size=1, max_size=8))
    answers = [(s, truth(s, field, value), committed.prove(field, s)) for s in asked]
    ever = frozenset().union(*(opened_by(field, s, answer) for s, answer, _ in answers))
    keys = {j: key for _, _, proof in answers for j, key in proof.opening.opened.items()}
    digests = {j: bit for _, _, proof in answers for j, bit in proof.opening.shut.items()}
    assert frozenset(keys) == ever
    assert field.members.index(value) not in ever
    shut = {j: bit for j, bit in digests.items() if j not in ever}
    for statement, answer, proof in answers:
        simulated = simulated_bits(count, keys, shut, opened_by(field, statement, answer))
        assert wire(field, simulated, proof) == wire(field, proof.opening, proof)


@pytest.mark.parametrize("field", ENUMS, ids=lambda field: field.name)
def test_an_opened_bit_was_ruled_out_by_the_answers_already(field):
    for value in field.members:
        for statement in statements_about(field):
            opened = commit(**{field.name: value}).prove(field, statement).opening.opened
            possible = {m for m in field.members if truth(statement, field, m) is truth(statement, field, value)}
            revealed = {value} if statement == Reveal() else possible
            assert {field.members[j] for j in opened} == set(field.members) - revealed


# sets: what is shown is keys of opened bits with what they are, and digests of all bits


def opened_of(field, statement, opening) -> frozenset[int]:
    """The bits that an answer opens: all that are asked about, or the one that the bank was shown."""
    ones = {HasAny: opening.present, HasNone: opening.present, HasAll: opening.missing}
    if isinstance(statement, Reveal):
        return frozenset(range(len(field.members)))
    one = ones[type(statement)]
    other = opening.missing if one is opening.present else opening.present
    return frozenset(one) if len(one) == 1 and not other else statement.positions


@settings(deadline=None, max_examples=80)
@given(st.data(), seeds, st.sampled_from(SETS))
def test_all_answers_about_a_set_follow_from_the_bits_that_were_opened_byte_for_byte(data, seed, field):
    committed = commit(seed=seed, **{field.name: data.draw(values_of(field))})
    asked = data.draw(st.lists(st.sampled_from(list(statements_about(field))), min_size=1, max_size=6))
    answers = [(statement, committed.prove(field, statement)) for statement in asked]
    keys, present, digests = {}, set(), {}
    for _, proof in answers:
        keys |= {**proof.opening.present, **proof.opening.missing}
        present |= set(proof.opening.present)
        digests |= proof.opening.shut

    def digest(j):
        return (
            reference.H(b"\x13", j.to_bytes(2, "big"), keys[j], b"\x01" if j in present else b"\x00")
            if j in keys
            else digests[j]
        )

    for statement, proof in answers:
        opened = opened_of(field, statement, proof.opening)
        simulated = CodesOpening(
            {j: keys[j] for j in sorted(opened & present)},
            {j: keys[j] for j in sorted(opened - present)},
            {j: digest(j) for j in range(len(field.members)) if j not in opened},
        )
        assert wire(field, simulated, proof) == wire(field, proof.opening, proof)


@pytest.mark.parametrize("field", SETS, ids=lambda field: field.name)
def test_of_a_set_no_more_is_opened_than_decides(field):
    for held in edges(field):
        for statement in statements_about(field):
            opening = commit(**{field.name: held}).prove(field, statement).opening
            opened = {**opening.present, **opening.missing}
            told = truth(statement, field, held)
            if isinstance(statement, Reveal):
                assert not opening.shut
            elif len(opened) > 1:
                # every one of them follows from the answer
                possible = [each for each in edges(field) if truth(statement, field, each) is told]
                assert all(len({field.members[j] in each for each in possible}) == 1 for j in opened)
            else:
                assert set(opened) <= statement.positions


@settings(deadline=None, max_examples=60)
@given(seeds, st.sampled_from(SETS), st.data())
def test_which_member_decides_does_not_depend_on_the_question(seed, field, data):
    held = data.draw(values_of(field))
    committed = commit(seed=seed, **{field.name: held})
    order = {}
    for statement in statements_about(field):
        opening = committed.prove(field, statement).opening
        for kind, one in ((HasAny, opening.present), (HasAll, opening.missing)):
            if type(statement) is kind and len(one) == 1:
                (first,) = one
                order.setdefault(kind, {})[statement.positions] = first
    for found in order.values():
        for one, first in found.items():
            # the first of a set is the first of each part of it that has it
            assert all(found[other] == first for other in found if other <= one and first in other)


# shapes and lengths


def shape(value):
    """The structure of a JSON value with the length of every text in it."""
    match value:
        case dict():
            return tuple((key, shape(value[key])) for key in sorted(value))
        case list():
            return tuple(map(shape, value))
        case str():
            return len(value)
        case _:
            return len(json.dumps(value))


def shape_of(committed, field, statement):
    return shape(proof_to_json(committed.prove(field, statement), field))


def answer(statement, field, value):
    """What a bank is told: the verdict, and with the "no" to a range the side on which the value lies.

    The complement of a range is one of two statements, and a proof is of one of them.
    """
    if isinstance(statement, Between):
        return side_of(field.ladder.idx(value), statement.low, statement.high)
    return truth(statement, field, value)


@pytest.mark.parametrize("field", LADDERS, ids=lambda field: field.name)
def test_an_answer_about_a_ladder_has_one_shape_whatever_value_and_threshold(field):
    shapes = {}
    for value in edges(field):
        committed = commit(**{field.name: value})
        for statement in statements_about(field):
            told = (type(statement), answer(statement, field, value))
            shapes.setdefault(told, set()).add(shape_of(committed, field, statement))
    assert {len(found) for found in shapes.values()} == {1}


@settings(deadline=None, max_examples=100)
@given(st.data(), seeds, seeds, st.sampled_from([*LADDERS, *ENUMS]))
def test_two_values_with_the_same_answers_are_shown_in_the_same_shape(data, seed, other_seed, field):
    one, two = data.draw(values_of(field)), data.draw(values_of(field))
    first, second = commit(seed=seed, **{field.name: one}), commit(seed=other_seed, **{field.name: two})
    statements = [s for s in statements_about(field) if s != Reveal()]
    asked = data.draw(st.lists(st.sampled_from(statements), min_size=1, max_size=10))
    same = [statement for statement in asked if answer(statement, field, one) == answer(statement, field, two)]
    for statement in same:
        assert shape_of(first, field, statement) == shape_of(second, field, statement)


@settings(deadline=None, max_examples=25)
@given(st.data(), seeds, seeds)
def test_what_is_shown_beside_an_opening_has_one_shape_whatever_all_values_are(data, seed, other_seed):
    one, two = (
        commit(seed=each, **{field.name: data.draw(values_of(field) | st.just(ABSENT)) for field in SCHEMA.fields})
        for each in (seed, other_seed)
    )
    for field in SCHEMA.fields:
        statement = next(iter(statements_about(field)))
        shown = [each.prove(field, statement) for each in (one, two)]
        beside = [(len(proof.salt), [len(sibling) for sibling in proof.path]) for proof in shown]
        assert beside[0] == beside[1] == (32, [32] * SCHEMA.depth)


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(PLAINS))
def test_a_plain_value_that_is_not_disclosed_is_not_shown_at_all(data, field):
    value, asked = data.draw(values_of(field)), data.draw(values_of(field))
    committed = commit(**{field.name: value})
    answer = committed.prover.prove(field, Equals(asked), may_disclose=False)
    if isinstance(answer, FieldProof):
        assert answer.opening == PlainOpening(asked)
        assert check_proof(SCHEMA, committed.root, field, Equals(asked), answer) is Outcome.HOLDS
