"""No proof of a false statement can be made or assembled, and none of a true one that was not shown.

What the adversary tries is described in ``adversary.py``. Every test has a control in which one thing is wrong with the
commitment or one more value is known; there the same search finds the forged proof.
"""

from itertools import chain, product

import pytest

from ledger_node.domain import commitment, proof
from ledger_node.domain.commitment import (
    DOWN,
    UP,
    AbsentOpening,
    FieldProof,
    PlainOpening,
    enum_bit,
    enum_digest,
    ladder_context,
)
from ledger_node.domain.hashing import kdf, walk, walk_all
from ledger_node.domain.proof import Outcome
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, NoneOf, OneOf, Reveal
from tests.kit.adversary import (
    ABOUT_ENUM,
    ABOUT_LADDER,
    GRADE,
    MEMBERS,
    OTHERS,
    PAID,
    POSITIONS,
    PUBLIC,
    SCHEMA,
    SETS,
    TWIN,
    TWIN_GRADE,
    YEAR,
    EnumAdversary,
    K,
    LadderAdversary,
    accepted,
    chain_values,
    chains_elsewhere,
    halves,
    in_sight,
    issue,
    with_tips_of_whole_chains,
)

HOLDS, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.DOES_NOT_HOLD
NOTHING = set()


def verdict(*, holds):
    return HOLDS if holds else DOES_NOT_HOLD


def truth(statement, paid):
    """What is true of a ladder whose threshold L_j is the number j."""
    match statement:
        case AtLeast(j):
            return verdict(holds=paid >= j)
        case Below(j):
            return verdict(holds=paid < j)
        case Between(low, high):
            return verdict(holds=low <= paid < high)


def truth_of_set(statement, grade):
    match statement:
        case OneOf(positions):
            return verdict(holds=MEMBERS.index(grade) in positions)
        case NoneOf(positions):
            return verdict(holds=MEMBERS.index(grade) not in positions)
        case Reveal():
            return HOLDS


def follows(statement, low, high):
    """The verdict that follows from L_low <= v < L_high alone (0 and K + 1: nothing is known), if one does."""
    verdicts = {truth(statement, paid) for paid in range(low, high)}
    return verdicts if len(verdicts) == 1 else NOTHING


# ladders


@pytest.mark.parametrize("paid", range(K + 1))
def test_not_even_the_holder_of_the_seed_proves_a_false_threshold(paid):
    # who knows the seed knows every secret there is: the issuer afterwards, or who broke into its vault
    attestation = issue("target", paid=paid)
    others = [*chains_elsewhere(attestation), *in_sight(attestation), *PUBLIC]
    adversary = LadderAdversary(attestation, chain_values(attestation, PAID), others)
    for statement in ABOUT_LADDER:
        assert adversary.verdicts(statement) == {truth(statement, paid)}, statement


@pytest.mark.parametrize("paid", range(K + 1))
def test_control_where_tips_are_inconsistent_the_same_search_proves_everything(paid):
    faulty = with_tips_of_whole_chains(issue("target", paid=paid))
    adversary = LadderAdversary(faulty, chain_values(faulty, PAID))
    for statement in ABOUT_LADDER:
        assert adversary.verdicts(statement) == {HOLDS, DOES_NOT_HOLD}, statement


@pytest.mark.parametrize("paid", [0, 2])
def test_control_where_the_kdf_is_the_step_function_the_same_search_goes_one_threshold_too_far(paid, monkeypatch):
    def step_as_kdf(seed, label, *indices):
        if label not in {b"up", b"dn"}:
            return kdf(seed, label, *indices)
        return walk(ladder_context(SCHEMA.id, indices[0], UP if label == b"up" else DOWN), seed, 1)

    for module in (commitment, proof):
        monkeypatch.setattr(module, "kdf", step_as_kdf)
    attestation = issue("target", paid=paid)
    adversary = LadderAdversary(attestation, [*chain_values(attestation, PAID), attestation.seed])
    both = {statement for statement in ABOUT_LADDER if adversary.verdicts(statement) == {HOLDS, DOES_NOT_HOLD}}
    for j in POSITIONS:
        assert (AtLeast(j) in both) is (j in {paid, paid + 1})
        assert (Below(j) in both) is (j in {paid, paid + 1})


BOUNDS = [(low, high) for low, high in product(range(K + 1), range(1, K + 2)) if low < high]


def bank_of(attestation, low, high, *more):
    """A bank that was shown L_low <= v < L_high (0 and K + 1: not asked), and everything about everybody else."""
    known = list(more)
    if low > 0:
        up, tip_down = halves(attestation.proof(PAID, AtLeast(low)))
        known += [*walk_all(ladder_context(SCHEMA.id, PAID.index, UP), up, low), tip_down]
    if high <= K:
        down, tip_up = halves(attestation.proof(PAID, Below(high)))
        known += [*walk_all(ladder_context(SCHEMA.id, PAID.index, DOWN), down, K + 1 - high), tip_up]
    salt, path = attestation.frame(PAID.index)
    elsewhere = chain.from_iterable(chain_values(other, PAID) for other in OTHERS)
    others = [*elsewhere, salt, *path, attestation.root, *PUBLIC]
    return LadderAdversary(attestation, list(dict.fromkeys(known)), others)


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_a_bank_proves_exactly_what_follows_from_the_strongest_statements_it_was_shown(low, high):
    for paid in {low, high - 1}:
        adversary = bank_of(issue("target", paid=paid), low, high)
        for statement in ABOUT_LADDER:
            expected = NOTHING if (low, high) == (0, K + 1) else follows(statement, low, high)
            assert adversary.verdicts(statement) == expected, statement


@pytest.mark.parametrize(("paid", "label"), [(K, b"up"), (0, b"dn")])
def test_control_with_the_secret_head_the_same_bank_proves_the_rest(paid, label):
    attestation = issue("target", paid=paid)
    low, high = (1, K + 1) if label == b"up" else (0, K)
    shown = {s for s in ABOUT_LADDER if bank_of(attestation, low, high).verdicts(s)}
    head = kdf(attestation.seed, label, PAID.index)
    adversary = bank_of(attestation, low, high, head)
    assert shown < set(ABOUT_LADDER)
    for statement in ABOUT_LADDER:
        assert adversary.verdicts(statement) == {truth(statement, paid)}


def test_no_other_salt_or_path_carries_an_opening():
    target = issue("target")
    sources = [target, *OTHERS]
    frames = [source.frame(slot.index) for source in sources for slot in SCHEMA.fields]
    mixed = {(salt, path) for salt, _ in frames for _, path in frames}
    openings = [source.proof(slot, s).opening for source in OTHERS for slot in (PAID, TWIN) for s in ABOUT_LADDER]
    honest = [target.proof(PAID, s) for s in ABOUT_LADDER]
    own_frame = target.frame(PAID.index)
    for statement in ABOUT_LADDER:
        proofs = [FieldProof(opening, *own_frame) for opening in openings]
        assert accepted(target, PAID, statement, proofs) == NOTHING
        fitting = target.proof(PAID, statement).opening
        moved = [FieldProof(fitting, *frame) for frame in mixed if frame != own_frame]
        moved += [source.proof(slot, statement) for source in OTHERS for slot in (PAID, TWIN)]
        moved.append(target.proof(TWIN, statement))
        assert accepted(target, PAID, statement, moved) == NOTHING
        assert accepted(target, PAID, statement, honest) == {truth(statement, target.values[PAID.index])}


# enums


@pytest.mark.parametrize("grade", MEMBERS)
def test_not_even_the_holder_of_the_seed_proves_a_false_membership(grade):
    attestation = issue("target", grade=grade)
    keys = dict(enumerate(attestation.keys(GRADE)))
    others = [*in_sight(attestation), *chains_elsewhere(attestation), *PUBLIC]
    adversary = EnumAdversary(attestation, keys, others)
    for statement in ABOUT_ENUM:
        assert adversary.verdicts(statement) == {truth_of_set(statement, grade)}, statement


def test_control_where_no_bit_is_set_the_same_search_proves_every_membership():
    attestation = issue("target")
    keys = attestation.keys(GRADE)
    bits = [enum_bit(j, key, is_set=False) for j, key in enumerate(keys)]
    faulty = attestation.with_leaf(GRADE, enum_digest(bits), shut={GRADE.name: bits})
    adversary = EnumAdversary(faulty, dict(enumerate(keys)))
    for statement in ABOUT_ENUM:
        expected = {HOLDS} if statement == Reveal() else {HOLDS, DOES_NOT_HOLD}
        assert adversary.verdicts(statement) == expected, statement


def consistent_members(grade, asked):
    """The members that the answers to these questions leave possible."""
    if Reveal() in asked:
        return {grade}
    answers = [(statement, truth_of_set(statement, grade)) for statement in asked]
    return {m for m in MEMBERS if all(truth_of_set(statement, m) is answer for statement, answer in answers)}


def keys_shown(attestation, asked):
    return {j: key for statement in asked for j, key in attestation.proof(GRADE, statement).opening.opened.items()}


def bank_that_asked(attestation, asked, **more):
    known = keys_shown(attestation, asked) | {int(name[1:]): key for name, key in more.items()}
    salt, path = attestation.frame(GRADE.index)
    return EnumAdversary(attestation, known, [salt, *path, attestation.root])


QUESTIONS = [
    (OneOf(frozenset({0, 1})),),
    (OneOf(frozenset({1, 2, 3})),),
    (NoneOf(frozenset({0})),),
    (OneOf(frozenset({2})), NoneOf(frozenset({0}))),
    (OneOf(frozenset({0, 1})), OneOf(frozenset({1, 2}))),
    (Reveal(),),
]


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
@pytest.mark.parametrize("grade", MEMBERS)
def test_a_bank_proves_exactly_the_memberships_that_follow_from_what_it_was_shown(grade, asked):
    adversary = bank_that_asked(issue("target", grade=grade), asked)
    possible = consistent_members(grade, asked)
    for statement in ABOUT_ENUM:
        verdicts = {truth_of_set(statement, member) for member in possible}
        revealed = statement != Reveal() or len(possible) == 1
        assert adversary.verdicts(statement) == (verdicts if len(verdicts) == 1 and revealed else NOTHING), statement


def test_control_with_one_more_key_the_same_bank_proves_one_member_less():
    attestation = issue("target", grade="b")
    asked, sharper = (OneOf(frozenset({0, 1})),), OneOf(frozenset({1}))
    assert bank_that_asked(attestation, asked).verdicts(sharper) == NOTHING
    adversary = bank_that_asked(attestation, asked, _0=attestation.keys(GRADE)[0])
    assert adversary.verdicts(sharper) == {HOLDS}
    assert {s for s in map(OneOf, SETS) if adversary.verdicts(s) == {DOES_NOT_HOLD}} == {
        OneOf(positions) for positions in SETS if 1 not in positions
    }


def test_no_other_salt_or_path_carries_a_set():
    target = issue("target")
    for statement in ABOUT_ENUM:
        opening = target.proof(GRADE, statement).opening
        frames = [source.frame(slot.index) for source in (target, *OTHERS) for slot in SCHEMA.fields]
        own = target.frame(GRADE.index)
        moved = [FieldProof(opening, salt, path) for (salt, _), (_, path) in product(frames, frames)]
        assert accepted(target, GRADE, statement, [p for p in moved if (p.salt, p.path) != own]) == NOTHING
        transplanted = [source.proof(slot, statement) for source in OTHERS for slot in (GRADE, TWIN_GRADE)]
        transplanted += [FieldProof(each.opening, *own) for each in transplanted]
        assert accepted(target, GRADE, statement, transplanted) == NOTHING


# plain values


def test_no_plain_value_but_the_committed_one_verifies_with_anything_in_sight():
    target = issue("target")
    committed = target.values[YEAR.index]
    salts = [target.frame(YEAR.index)[0], *in_sight(target), *chain_values(target, PAID)]
    path = target.frame(YEAR.index)[1]
    values = [committed, committed - 1, committed + 1, 0, -committed, True]
    for value, salt in product(values, dict.fromkeys(salts)):
        honest = (value, salt) == (committed, salts[0])
        lie = [FieldProof(PlainOpening(value), salt, path)]
        assert accepted(target, YEAR, Reveal(), lie) == ({HOLDS} if honest else NOTHING)
        assert accepted(target, YEAR, Equals(committed), lie) == ({HOLDS} if honest else NOTHING)
        assert accepted(target, YEAR, Equals(value), [FieldProof(AbsentOpening(), salt, path)]) == NOTHING
