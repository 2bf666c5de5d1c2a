"""What an opening shows, and what is no opening."""

from dataclasses import replace

import pytest

from ledger_node.domain.commitment import PlainOpening, proof_from_json
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.proof import Outcome, check_proof, revealed
from ledger_node.domain.reason import Reason
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, OneOf, Reveal
from ledger_node.domain.value import Special
from tests.kit.field import COMMITTER, GRADE, MONTH, PAID, PROVER, ROOT, SEED, YEAR, K, commit, failed, prove
from tests.kit.world import FACTS


@pytest.mark.parametrize(
    ("field", "asked", "proved"),
    [
        (PAID, AtLeast(1), Between(1, K)),
        (PAID, Below(K), Between(1, K)),
        (PAID, Reveal(), AtLeast(1)),
        (PAID, Equals(1), AtLeast(1)),
        (GRADE, AtLeast(1), OneOf(frozenset({1}))),
        (GRADE, Equals("B"), OneOf(frozenset({1}))),
        (YEAR, AtLeast(1), Reveal()),
        (YEAR, OneOf(frozenset({1})), Reveal()),
    ],
)
def test_a_proof_about_another_kind_of_question_is_refused(field, asked, proved):
    assert failed(field, asked, prove(field, proved)) is Reason.MODE_MISMATCH


@pytest.mark.parametrize("may_disclose", [True, False])
def test_a_different_plain_value_is_shown_only_where_the_consent_lists_it(may_disclose):
    shown = PROVER.prove(YEAR, Equals(2024), may_disclose=may_disclose)
    if may_disclose:
        assert shown.opening == PlainOpening(2025)
        assert check_proof(FACTS, ROOT, YEAR, Equals(2024), shown) is Outcome.DOES_NOT_HOLD
    else:
        assert shown is Reason.NEEDS_DISCLOSURE


def test_true_is_not_one():
    shown = PROVER.prove(YEAR, Reveal(), may_disclose=True)
    one, _ = commit(year=1)
    assert check_proof(FACTS, ROOT, YEAR, Equals(2025), shown) is Outcome.HOLDS
    root = COMMITTER.commit(SEED, one.values).root
    shown = one.prove(YEAR, Reveal(), may_disclose=True)
    assert check_proof(FACTS, root, YEAR, Equals(True), shown) is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("name", "value", "passed_off"),
    [
        # the same canonical bytes: they would lead to the root, and 1286 would "not equal" 1286
        ("year", 1286, "\x00" * 14 + "\x05\x06"),
        ("rated_on", "1970-01-02", "\x00\x00\x00\x01"),
        ("year", 1, True),
        ("listed", True, 1),
        ("year", 1, 2**127),
        ("year", 1, -(2**127) - 1),
        ("rated_on", "1970-01-02", 2**31),
        ("note", "x", 120),
        ("kind", "x", b"x"),
        ("year", 1, Special.ABSENT),
        ("rated_on", "1970-01-02", Special.NONE_ON_RECORD),
    ],
)
def test_a_plain_value_of_another_type_is_refused_even_with_the_same_bytes(name, value, passed_off):
    prover, root = commit(**{name: value})
    field = FACTS.field(name)
    shown = prove(field, Reveal(), prover)
    for statement in (Reveal(), Equals(shown.opening.value), Equals(passed_off)):
        lie = replace(shown, opening=PlainOpening(passed_off))
        assert failed(field, statement, lie, root) is Reason.OPENING_MALFORMED


def test_what_is_revealed_is_the_committed_value():
    assert revealed(YEAR, prove(YEAR, Reveal())) == 2025
    assert revealed(GRADE, prove(GRADE, Reveal())) == "B"
    assert revealed(GRADE, prove(GRADE, OneOf(frozenset({0, 1})))) is None
    assert revealed(PAID, prove(PAID, AtLeast(1))) is None
    assert check_proof(FACTS, ROOT, GRADE, Reveal(), prove(GRADE, Reveal())) is Outcome.HOLDS


def test_none_on_record_lies_below_the_whole_ladder():
    assert MONTH.ladder.idx(Special.NONE_ON_RECORD) == 0
    for wrong in (Special.ABSENT, "2025-01"):
        with pytest.raises(TypeError, match="only numbers and dates lie on a ladder"):
            MONTH.ladder.idx(wrong)


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "magic"},
        {"kind": "bits", "opened": [], "shut": {}},
        {"kind": "bits", "opened": {"A": 5}, "shut": {}},
        {"kind": "bits", "opened": {"A": "0x00"}, "shut": {}},
        {"kind": "bits", "opened": {"E": "0x" + "00" * 32}, "shut": {}},
        {"kind": "bits", "opened": {"0": "0x" + "00" * 32}, "shut": {}},
        {"kind": "bits", "opened": {}},
        {"kind": "absent", "value": 1},
        {"kind": "plain", "value": None},
        {"kind": "plain"},
        {},
    ],
)
def test_what_is_no_opening_proves_nothing(form):
    with pytest.raises(VerificationError) as refused:
        proof_from_json({"opening": form, "salt": "0x" + "00" * 32, "path": []}, GRADE)
    assert refused.value.reason is Reason.OPENING_MALFORMED


def test_a_field_without_a_ladder_says_so():
    with pytest.raises(InvalidInputError) as refused:
        YEAR.require_ladder()
    assert refused.value.reason is Reason.OPERATOR_UNSUPPORTED
