"""Cases T1 to T12: trees, leaves and what stands in them."""

from dataclasses import replace

import pytest

from ledger_node.domain.commitment import (
    AbsentOpening,
    BitsOpening,
    Committer,
    FieldProof,
    PlainOpening,
    enum_bit,
    leaf_digest,
    plain_digest,
    proof_from_json,
    proof_to_json,
    salt_of,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import (
    BATCH_NODE,
    FIELD_NODE,
    batch_leaf,
    batch_tree,
    depth_of,
    kdf,
    keccak,
    levels_of,
    path_of,
    root_from_path,
    root_of_batch,
)
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Equals, OneOf, Reveal
from ledger_node.domain.value import Special
from tests.kit.world import FACTS, FACTS_SPEC, RAW, h

SEED = h("seed")
VALUES = FACTS.parse_values(RAW)
PROVER = Prover(Committer(FACTS), SEED, VALUES)
TREE = PROVER.committer.commit(SEED, VALUES)
KIND, PAID, SALES, GRADE, YEAR, RATED_ON = (
    FACTS.field(name) for name in ("kind", "paid", "sales", "grade", "year", "rated_on")
)
DIGESTS = [h("D", slot) for slot in range(8)]
LEVELS = batch_tree(DIGESTS)
ROOT = LEVELS[-1][0]


def failed(schema, root, field, statement, proof) -> Reason:
    with pytest.raises(VerificationError) as error:
        check_proof(schema, root, field, statement, proof)
    return error.value.reason


def from_path(index=3, path=None, *, leaf=None, depth=3) -> bytes:
    path = path_of(LEVELS, 3) if path is None else path
    return root_from_path(batch_leaf(DIGESTS[3]) if leaf is None else leaf, index, path, depth=depth, tag=BATCH_NODE)


def reason_of_path(*args, **kwargs) -> Reason:
    with pytest.raises(VerificationError) as error:
        from_path(*args, **kwargs)
    return error.value.reason


def test_the_valid_path_leads_to_the_root():
    assert from_path() == ROOT


@pytest.mark.parametrize("height", [1, 2, 3])
def test_t1_an_inner_node_offered_as_leaf_is_refused(height):
    node = LEVELS[height][3 >> height]
    rest = path_of(LEVELS, 3)[height:]
    # with its own shorter path it would lead to the root, so the depth is what refuses it
    with pytest.raises(VerificationError) as error:
        root_from_path(node, 3 >> height, rest, depth=3, tag=BATCH_NODE)
    assert error.value.reason is Reason.PATH_LENGTH
    # and a header digest never is a node, because leaves have a tag of their own
    assert root_of_batch(node, 3, path_of(LEVELS, 3), 8) != ROOT


def test_t1_a_fields_node_is_no_leaf():
    shown = PROVER.prove(YEAR, Reveal(), may_disclose=True)
    for level, height in ((TREE.levels[1], 1), (TREE.levels[2], 2)):
        node = level[YEAR.index >> height]
        # the attacker shows the node's preimage as salt and value digest: the tag and the length differ
        forged = replace(shown, salt=node)
        assert failed(FACTS, TREE.root, YEAR, Reveal(), forged) is Reason.FIELD_PROOF_FAILED


def test_t2_a_leaf_offered_as_node_is_refused():
    deeper = [*path_of(LEVELS, 3), h("sibling")]
    assert reason_of_path(path=deeper) is Reason.PATH_LENGTH
    # its preimage is a tag and one digest, so there are no two children to show
    digest = DIGESTS[3]
    halves = {"leaf": digest[:16], "path": [digest[16:], *path_of(LEVELS, 3)], "depth": 4}
    assert reason_of_path(6, **halves) is Reason.SIBLING_LENGTH
    for child in (digest, batch_leaf(digest)):
        assert from_path(6, [child, *path_of(LEVELS, 3)], leaf=digest, depth=4) != ROOT


def test_t3_a_path_shorter_or_longer_than_the_depth_is_refused():
    path = path_of(LEVELS, 3)
    for wrong in ([], path[:-1], [*path, bytes(32)], path * 20):
        assert reason_of_path(path=wrong) is Reason.PATH_LENGTH


def test_t3_a_fields_path_of_another_length_is_refused():
    shown = PROVER.prove(YEAR, Reveal(), may_disclose=True)
    for wrong in ((), shown.path[:-1], (*shown.path, bytes(32))):
        assert failed(FACTS, TREE.root, YEAR, Reveal(), replace(shown, path=wrong)) is Reason.PATH_LENGTH


@pytest.mark.parametrize("depth", [-1, 33, 64])
def test_t3_an_impossible_depth_is_refused(depth):
    assert reason_of_path(path=[bytes(32)] * max(depth, 0), depth=depth) is Reason.PATH_LENGTH


def test_t4_a_reversed_path_leads_elsewhere():
    assert from_path(path=path_of(LEVELS, 3)[::-1]) != ROOT
    shown = PROVER.prove(YEAR, Reveal(), may_disclose=True)
    reversed_ = replace(shown, path=shown.path[::-1])
    assert failed(FACTS, TREE.root, YEAR, Reveal(), reversed_) is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_t5_a_sibling_that_is_not_32_bytes_is_refused(length):
    path = path_of(LEVELS, 3)
    assert reason_of_path(path=[*path[:2], bytes(length)]) is Reason.SIBLING_LENGTH
    assert reason_of_path(leaf=bytes(length)) is Reason.SIBLING_LENGTH
    shown = PROVER.prove(YEAR, Reveal(), may_disclose=True)
    form = proof_to_json(shown, YEAR)
    form["path"][1] = "0x" + "00" * length
    with pytest.raises(VerificationError) as error:
        proof_from_json(form, YEAR)
    assert error.value.reason is Reason.SIBLING_LENGTH


def test_t5_bytes_moved_between_siblings_are_refused():
    first, second, third = path_of(LEVELS, 3)
    assert reason_of_path(path=[first + second[:1], second[1:], third]) is Reason.SIBLING_LENGTH


@pytest.mark.parametrize("index", [-1, -5, 8, 11, 2**64])
def test_t6_an_index_outside_the_tree_is_refused(index):
    assert reason_of_path(index) is Reason.INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("index", [0, 1, 2, 4, 5, 6, 7])
def test_t7_the_right_leaf_at_a_wrong_index_leads_elsewhere(index):
    assert from_path(index) != ROOT


def test_t8_the_leaf_of_a_field_does_not_count_for_another():
    # grade and state are both enums, kind and note both texts: same mode, another slot
    for name, other in (("paid", "sales"), ("grade", "state"), ("year", "rated_on")):
        asked, given = FACTS.field(other), FACTS.field(name)
        statement = {"paid": AtLeast(1), "grade": OneOf(frozenset({0, 1})), "year": Reveal()}[name]
        shown = PROVER.prove(given, statement, may_disclose=True)
        reason = failed(FACTS, TREE.root, asked, statement, shown)
        assert reason in {Reason.FIELD_PROOF_FAILED, Reason.OPENED_SET_MISMATCH}


def test_t9_the_same_field_of_another_schema_version_is_refused():
    newer = Schema.from_json(FACTS_SPEC | {"version": 2})
    assert newer.id != FACTS.id
    for field, statement in ((YEAR, Reveal()), (PAID, AtLeast(1)), (GRADE, OneOf(frozenset({1})))):
        shown = PROVER.prove(field, statement, may_disclose=True)
        reason = failed(newer, TREE.root, newer.field(field.name), statement, shown)
        assert reason is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("mode", [b"\x00", b"\x02", b"\x03", b"\x04", b"\xff"])
def test_t10_a_leaf_with_another_mode_byte_is_another_leaf(mode):
    digest = plain_digest(YEAR, 2025)
    salt = salt_of(SEED, YEAR.index)
    assert leaf_digest(FACTS.id, YEAR.index, YEAR.mode_byte, salt, digest) == TREE.levels[0][YEAR.index]
    assert leaf_digest(FACTS.id, YEAR.index, mode, salt, digest) != TREE.levels[0][YEAR.index]


def test_t10_an_opening_of_another_mode_is_refused():
    salt, path = salt_of(SEED, PAID.index), tuple(path_of(TREE.levels, PAID.index))
    plain = FieldProof(PlainOpening(1_286_400), salt, path)
    bits = FieldProof(BitsOpening({}, {0: bytes(32)}), salt, path)
    ladder = PROVER.prove(PAID, AtLeast(1), may_disclose=False)
    assert failed(FACTS, TREE.root, PAID, Reveal(), plain) is Reason.MODE_MISMATCH
    assert failed(FACTS, TREE.root, PAID, AtLeast(1), bits) is Reason.MODE_MISMATCH
    assert failed(FACTS, TREE.root, YEAR, Reveal(), ladder) is Reason.MODE_MISMATCH
    assert failed(FACTS, TREE.root, GRADE, OneOf(frozenset({1})), ladder) is Reason.MODE_MISMATCH


def test_t11_a_pad_slot_is_no_field():
    for slot in range(len(FACTS.fields), 1 << FACTS.depth):
        pad = kdf(SEED, b"pad", slot)
        assert TREE.levels[0][slot] == keccak(b"\x02" + pad)
        path = tuple(path_of(TREE.levels, slot))
        proof = FieldProof(AbsentOpening(), pad, path)
        assert failed(FACTS, TREE.root, replace(SALES, index=slot), AtLeast(1), proof) is Reason.FIELD_PROOF_FAILED


def test_t11_pads_differ_so_that_they_do_not_show_how_many_there_are():
    assert len(set(TREE.levels[0])) == 16


def test_t12_an_absent_field_is_not_zero():
    zero = FACTS.parse_values(RAW | {"sales": "0"})
    other = Prover(PROVER.committer, SEED, zero)
    assert other.committer.commit(SEED, zero).root != TREE.root
    below = other.prove(SALES, Below(1), may_disclose=False)
    assert failed(FACTS, TREE.root, SALES, Below(1), below) is Reason.FIELD_PROOF_FAILED
    absent = PROVER.prove(SALES, Below(1), may_disclose=False)
    assert check_proof(FACTS, TREE.root, SALES, Below(1), absent) is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("sales", AtLeast(1)),
        ("sales", Below(1)),
        ("note", Equals("示例")),
        ("note", Reveal()),
        ("state", OneOf(frozenset({0}))),
    ],
)
def test_t12_an_absent_field_answers_every_question_with_cannot_tell(name, statement):
    field = FACTS.field(name)
    values = FACTS.parse_values({**RAW, "note": None, "state": None})
    prover = Prover(PROVER.committer, SEED, values)
    shown = prover.prove(field, statement, may_disclose=False)
    assert shown.opening == AbsentOpening()
    root = prover.committer.commit(SEED, values).root
    assert check_proof(FACTS, root, field, statement, shown) is Outcome.CANNOT_TELL


def test_t12_a_present_field_cannot_be_called_absent():
    shown = PROVER.prove(PAID, AtLeast(1), may_disclose=False)
    hidden = replace(shown, opening=AbsentOpening())
    assert failed(FACTS, TREE.root, PAID, AtLeast(1), hidden) is Reason.FIELD_PROOF_FAILED


def test_a_schema_of_one_field_has_a_tree_of_one_leaf():
    schema = Schema.from_json({"name": "one", "version": 1, "fields": [FACTS_SPEC["fields"][0]]})
    tree = Committer(schema).commit(SEED, ("x",))
    assert tree.levels == [[tree.root]]
    assert schema.depth == depth_of(1) == 0


def test_trees_have_a_power_of_two_of_slots():
    for wrong, words in (([], "a tree has at least one leaf"), ([bytes(32)] * 3, "must be a power of two")):
        with pytest.raises(ValueError, match=words):
            levels_of(wrong, FIELD_NODE)


def test_a_bit_says_its_position_and_whether_it_is_set():
    digests = {enum_bit(j, key, is_set=is_set) for j in (0, 1) for key in (h(1), h(2)) for is_set in (True, False)}
    assert len(digests) == 8


def test_a_special_value_has_no_plain_digest():
    with pytest.raises(TypeError, match="a special value has no canonical bytes"):
        plain_digest(YEAR, Special.ABSENT)


@pytest.mark.parametrize("change", [1, -1])
def test_as_many_values_as_fields_are_committed_to(change):
    values = FACTS.parse_values(RAW)
    with pytest.raises(ValueError, match="zip"):
        Committer(FACTS).commit(SEED, values[:-1] if change < 0 else (*values, 0))


def test_a_tree_that_is_wanted_again_is_the_same_however_many_were_wanted_before(monkeypatch):
    monkeypatch.setattr("ledger_node.domain.commitment._REMEMBERED", 1)
    committer = Committer(FACTS)
    seeds = [SEED, bytes(32)]
    trees = [committer.commit(seed, VALUES) for seed in seeds]
    for _ in range(2):
        for seed, tree in zip(seeds, trees, strict=True):
            again = committer.commit_again(tree.root, seed, VALUES)
            assert again == tree
            assert committer.commit_again(tree.root, seed, VALUES) is again


def test_a_prover_that_knows_its_root_proves_the_same(monkeypatch):
    root = PROVER.committer.commit(SEED, VALUES).root
    field = FACTS.fields[0]
    proofs = [replace(PROVER, root=known).prove(field, Reveal(), may_disclose=True) for known in (None, root, root)]
    assert proofs[0] == proofs[1] == proofs[2]
    # the tree of a root that was wanted before is not made again
    monkeypatch.setattr(Committer, "commit", None)
    assert replace(PROVER, root=root).prove(field, Reveal(), may_disclose=True) == proofs[0]
