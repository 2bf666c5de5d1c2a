"""Cases P1 to P12: what a proof of one statement shows about any other."""

from dataclasses import replace
from itertools import combinations

import pytest

from ledger_node.domain.commitment import (
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    FieldProof,
    ladder_context,
    ladder_digest,
    leaf_digest,
    proof_from_json,
    proof_to_json,
    salt_of,
)
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import FIELD_NODE, kdf, levels_of, path_of, walk
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, NoneOf, OneOf, lower
from tests.kit.field import (
    COMMITTER,
    GRADE,
    PAID,
    ROOT,
    SALES,
    SEED,
    THRESHOLDS,
    K,
    commit,
    failed,
    prove,
)
from tests.kit.world import AMOUNT, FACTS, FACTS_SPEC, RAW, SCHEMAS, h, yuan


def idx_of(value) -> int:
    return PAID.ladder.idx(value)


@pytest.mark.parametrize("j", [1, 5, 11, 12])
def test_p1_an_at_least_proof_counts_for_its_own_threshold_only(j):
    proof = prove(PAID, AtLeast(j))
    for k in range(1, K + 1):
        if k == j <= idx_of(AMOUNT):
            assert check_proof(FACTS, ROOT, PAID, AtLeast(k), proof) is Outcome.HOLDS
        elif k != j:
            assert failed(PAID, AtLeast(k), proof) is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("j", [11, 12, 20, K])
def test_p1_a_below_proof_counts_for_its_own_threshold_only(j):
    proof = prove(PAID, Below(j))
    for k in range(1, K + 1):
        if k == j > idx_of(AMOUNT):
            assert check_proof(FACTS, ROOT, PAID, Below(k), proof) is Outcome.HOLDS
        elif k != j:
            assert failed(PAID, Below(k), proof) is Reason.FIELD_PROOF_FAILED


def test_p1_a_between_proof_counts_for_its_own_thresholds_only():
    idx = idx_of(AMOUNT)
    proof = prove(PAID, Between(idx, idx + 1))
    for low, high in combinations(range(1, K + 1), 2):
        if (low, high) != (idx, idx + 1):
            assert failed(PAID, Between(low, high), proof) is Reason.FIELD_PROOF_FAILED


def test_p2_an_at_least_proof_does_not_count_as_below():
    idx = idx_of(AMOUNT)
    shown = prove(PAID, AtLeast(idx)).opening
    forged = replace(prove(PAID, AtLeast(idx)), opening=BelowOpening(shown.head_up, shown.tip_down))
    for j in range(1, K + 1):
        assert failed(PAID, Below(j), forged) is Reason.FIELD_PROOF_FAILED
    assert check_proof(FACTS, ROOT, PAID, Below(idx), prove(PAID, AtLeast(idx))) is Outcome.DOES_NOT_HOLD


def test_p3_a_proof_of_another_ladder_field_is_refused():
    prover, root = commit(sales=AMOUNT)
    for statement in (AtLeast(1), Below(K), Between(1, K)):
        assert failed(SALES, statement, prove(PAID, statement, prover), root) is Reason.FIELD_PROOF_FAILED


def test_p3_a_proof_of_the_same_value_under_another_seed_is_refused():
    values = FACTS.parse_values(RAW)
    other = Prover(COMMITTER, h("another seed"), values)
    assert failed(PAID, AtLeast(1), prove(PAID, AtLeast(1), other)) is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("fen", [99_999, 99_000, 150_000, 1_000_001, 110_000_000, 200_000_000, 0, -100_000])
@pytest.mark.parametrize("op", [">=", "<", "range"])
def test_p4_a_threshold_off_the_ladder_is_refused_and_neighbours_are_named(fen, op):
    operand = [yuan(fen), yuan(max(fen, 100_000_000) + 1)] if op == "range" else yuan(fen)
    question = Question.from_json({"schema": "firm_facts", "field": "paid", "op": op, "operand": operand}, SCHEMAS)
    with pytest.raises(InvalidInputError) as refused:
        lower(question, PAID)
    assert refused.value.reason is Reason.OFF_LADDER
    assert "1000 CNY" in refused.value.message


def test_p4_every_threshold_of_the_ladder_can_be_asked():
    for j, threshold in enumerate(THRESHOLDS, start=1):
        question = Question.from_json(
            {"schema": "firm_facts", "field": "paid", "op": ">=", "operand": yuan(threshold)}, SCHEMAS
        )
        assert lower(question, PAID) == AtLeast(j)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_p5_a_head_or_tip_of_the_wrong_length_is_refused(length):
    wrong = bytes(length)
    for statement, openings in {
        AtLeast(1): [AtLeastOpening(wrong, h(1)), AtLeastOpening(h(1), wrong)],
        Below(K): [BelowOpening(wrong, h(1)), BelowOpening(h(1), wrong)],
        Between(1, K): [BetweenOpening(wrong, h(1)), BetweenOpening(h(1), wrong)],
    }.items():
        valid = prove(PAID, statement)
        for opening in openings:
            assert failed(PAID, statement, replace(valid, opening=opening)) is Reason.OPENING_MALFORMED
            form = proof_to_json(replace(valid, opening=opening), PAID)
            with pytest.raises(VerificationError) as refused:
                proof_from_json(form, PAID)
            assert refused.value.reason is Reason.OPENING_MALFORMED


@pytest.mark.parametrize("length", [0, 31, 33])
def test_p5_a_salt_bit_or_key_of_the_wrong_length_is_refused(length):
    valid = prove(GRADE, OneOf(frozenset({1})))
    opened, shut = dict(valid.opening.opened), dict(valid.opening.shut)
    for opening in (BitsOpening(opened | {0: bytes(length)}, shut), BitsOpening(opened, shut | {1: bytes(length)})):
        assert failed(GRADE, OneOf(frozenset({1})), replace(valid, opening=opening)) is Reason.OPENING_MALFORMED
    assert failed(GRADE, OneOf(frozenset({1})), replace(valid, salt=bytes(length))) is Reason.OPENING_MALFORMED


def test_p6_swapped_tips_are_refused():
    for statement, kind in ((AtLeast(1), AtLeastOpening), (Below(K), BelowOpening), (Between(1, K), BetweenOpening)):
        valid = prove(PAID, statement)
        first, second = (getattr(valid.opening, name) for name in kind.__slots__)
        assert failed(PAID, statement, replace(valid, opening=kind(second, first))) is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("j", [1, 2, 9, 10, 19, K])
def test_p7_a_value_exactly_on_a_threshold_and_one_below_it(j):
    for value, above in ((THRESHOLDS[j - 1], True), (THRESHOLDS[j - 1] - 1, False)):
        prover, root = commit(paid=value)
        for statement, expected in ((AtLeast(j), above), (Below(j), not above)):
            outcome = check_proof(FACTS, root, PAID, statement, prove(PAID, statement, prover))
            assert outcome is (Outcome.HOLDS if expected else Outcome.DOES_NOT_HOLD)


@pytest.mark.parametrize("value", [1 - 2**53, -1, 0, THRESHOLDS[0] - 1, THRESHOLDS[-1], 2**53 - 1])
def test_p8_values_below_and_above_the_whole_ladder(value):
    prover, root = commit(paid=value)
    assert idx_of(value) in {0, K}
    for j in range(1, K + 1):
        for statement, expected in ((AtLeast(j), idx_of(value) == K), (Below(j), idx_of(value) == 0)):
            outcome = check_proof(FACTS, root, PAID, statement, prove(PAID, statement, prover))
            assert outcome is (Outcome.HOLDS if expected else Outcome.DOES_NOT_HOLD)


def test_p9_inconsistent_tips_are_caught_by_recomputing_from_the_seed():
    # a faulty issuer commits to both chains walked to their ends: "v >= L_K" and "v < L_1" would then both check
    starts = [kdf(SEED, label, PAID.index) for label in (b"up", b"dn")]
    tips = [walk(ladder_context(FACTS.id, PAID.index, way), start, K) for way, start in enumerate(starts)]
    slots = list(COMMITTER.commit(SEED, FACTS.parse_values(RAW)).levels[0])
    salt = salt_of(SEED, PAID.index)
    slots[PAID.index] = leaf_digest(FACTS.id, PAID.index, PAID.mode_byte, salt, ladder_digest(*tips))
    levels = levels_of(slots, FIELD_NODE)
    faulty, path = levels[-1][0], tuple(path_of(levels, PAID.index))
    for statement, opening in (
        (AtLeast(K), AtLeastOpening(starts[0], tips[1])),
        (Below(1), BelowOpening(starts[1], tips[0])),
    ):
        assert check_proof(FACTS, faulty, PAID, statement, FieldProof(opening, salt, path)) is Outcome.HOLDS
    # an auditor with the seed gets another root whatever value the record is said to hold
    for paid in (0, *THRESHOLDS):
        assert COMMITTER.commit(SEED, FACTS.parse_values(RAW | {"paid": yuan(paid)})).root != faulty


def bits_without(opening, position):
    opened = {j: key for j, key in opening.opened.items() if j != position}
    shut = {j: bit for j, bit in opening.shut.items() if j != position}
    return BitsOpening(opened, shut)


def test_p10_an_opened_set_that_is_not_exactly_the_complement_is_refused():
    asked = OneOf(frozenset({0, 1}))
    valid = prove(GRADE, asked)
    opened, shut = dict(valid.opening.opened), dict(valid.opening.shut)
    corrupted = [
        *(bits_without(valid.opening, position) for position in range(5)),
        BitsOpening(opened | {5: h(1)}, shut),
        BitsOpening(opened, shut | {-1: h(1)}),
        BitsOpening(opened | shut, {}),
        BitsOpening({}, opened | shut),
        BitsOpening(opened | {0: kdf(SEED, b"bit", 3, 0)}, {1: shut[1]}),
        BitsOpening(opened, shut | {2: h(2)}),
        BitsOpening({2: opened[2]}, shut | {3: h(3), 4: h(4)}),
    ]
    for opening in corrupted:
        assert failed(GRADE, asked, replace(valid, opening=opening)) is Reason.OPENED_SET_MISMATCH


def test_p10_the_set_bit_cannot_be_opened_as_not_set():
    # grade is B: opening bit 1 as 0 would show "not B"
    valid = prove(GRADE, NoneOf(frozenset({1})))
    assert check_proof(FACTS, ROOT, GRADE, NoneOf(frozenset({1})), valid) is Outcome.DOES_NOT_HOLD
    keys = {j: kdf(SEED, b"bit", 3, j) for j in range(5)}
    shut = dict(prove(GRADE, OneOf(frozenset({1}))).opening.shut)
    bits = prove(GRADE, NoneOf(frozenset({0}))).opening.shut | shut
    lie = BitsOpening({1: keys[1]}, {j: bits.get(j, h(j)) for j in (0, 2, 3, 4)})
    assert failed(GRADE, NoneOf(frozenset({1})), replace(valid, opening=lie)) is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize(
    ("operand", "reason"),
    [
        ([], Reason.SET_EMPTY),
        (["A", "B", "M", "C", "D"], Reason.SET_FULL),
        (["A", "E"], Reason.SET_MEMBER_UNKNOWN),
        (["a"], Reason.SET_MEMBER_UNKNOWN),
        ([1], Reason.SET_MEMBER_UNKNOWN),
        ([None], Reason.SET_MEMBER_UNKNOWN),
        (["A", "A"], Reason.SET_DUPLICATE),
        ("A", Reason.QUESTION_MALFORMED),
        ({"A": 1}, Reason.QUESTION_MALFORMED),
        (["A"] * 257, Reason.QUESTION_MALFORMED),
    ],
)
@pytest.mark.parametrize("op", ["in", "not in"])
def test_p11_empty_full_unknown_or_duplicate_members_are_refused(op, operand, reason):
    form = {"schema": "firm_facts", "field": "grade", "op": op, "operand": operand}
    with pytest.raises(InvalidInputError) as refused:
        Question.from_json(form, SCHEMAS)
    assert refused.value.reason is reason


def test_p12_reordered_members_are_the_same_question():
    one, two = (Question.parse(f"firm_facts.grade in {{{members}}}", SCHEMAS) for members in ("A, B", "B,A"))
    assert one == two
    assert one.text(GRADE) == "firm_facts.grade in {A, B}"


def test_p12_a_schema_with_reordered_members_is_another_schema():
    fields = [
        field | {"members": field["members"][::-1]} if field["name"] == "grade" else field
        for field in FACTS_SPEC["fields"]
    ]
    other = Schema.from_json(FACTS_SPEC | {"fields": fields})
    assert other.id != FACTS.id
    proof = prove(GRADE, OneOf(frozenset({1})))
    with pytest.raises(VerificationError) as error:
        check_proof(other, ROOT, other.field("grade"), OneOf(frozenset({1})), proof)
    assert error.value.reason is Reason.FIELD_PROOF_FAILED


def test_p12_bits_are_fixed_to_their_positions():
    valid = prove(GRADE, OneOf(frozenset({0, 1})))
    first, second = valid.opening.shut[0], valid.opening.shut[1]
    swapped = replace(valid, opening=BitsOpening(valid.opening.opened, {0: second, 1: first}))
    assert failed(GRADE, OneOf(frozenset({0, 1})), swapped) is Reason.FIELD_PROOF_FAILED
