"""The DisputeVerifier says of every statement what check_proof says, and nothing of what is no proof."""

from dataclasses import replace

import pytest

from ledger_node.domain.commitment import (
    AbsentOpening,
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    CodesOpening,
    FieldProof,
    PlainOpening,
    leaf_digest,
)
from ledger_node.domain.hashing import FIELD_NODE, root_from_path
from ledger_node.domain.proof import _value_digest
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, NoneOf, OneOf, Reveal
from tests.kit.contract_set import word
from tests.kit.dispute import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    OTHER_SCHEMA,
    RAW,
    SCHEMA,
    ask,
    checked,
    field_argument,
    issue,
    pure_verifier,
    settle,
)


@pytest.fixture(scope="module")
def contract():
    return pure_verifier()[1]


def proven(name, statement, raw=RAW):
    """Everything that a check is given, for one field of the example."""
    prover, root = issue(raw, word("seed"))
    field = SCHEMA.field(name)
    return SCHEMA, root, field, statement, prover.prove(field, statement, may_disclose=True)


PAID, COUNT = SCHEMA.field("paid"), SCHEMA.field("count")
IDX = PAID.ladder.idx(PAID.parse(RAW["paid"]))
TRUE = {
    "at_least": ("paid", AtLeast(IDX - 2)),
    "at_least_refuted": ("paid", AtLeast(IDX + 3)),
    "below": ("paid", Below(IDX + 3)),
    "below_refuted": ("paid", Below(IDX - 2)),
    "between": ("paid", Between(IDX - 2, IDX + 3)),
    "between_refuted": ("paid", Between(IDX + 2, IDX + 3)),
    "one_of": ("grade", OneOf(frozenset({0, 1}))),
    "none_of": ("grade", NoneOf(frozenset({3, 4}))),
    "enum_revealed": ("grade", Reveal()),
    "has_any": ("pledged", HasAny(frozenset({1, 2}))),
    "has_any_refuted": ("pledged", HasAny(frozenset({1}))),
    "has_all": ("pledged", HasAll(frozenset({0, 2}))),
    "has_all_refuted": ("pledged", HasAll(frozenset({0, 1}))),
    "set_revealed": ("pledged", Reveal()),
    "integer": ("year", Reveal()),
    "date": ("rated_on", Reveal()),
    "bool": ("listed", Equals(value=False)),
    "text": ("note", Reveal()),
    "code": ("kind", Reveal()),
    "absent": ("sales", AtLeast(1)),
}


def moved(position):
    """Another position of the same ladder or set."""
    match position:
        case AtLeast(j):
            return AtLeast(j + 1)
        case Below(j):
            return Below(j + 1)
        case Between(low, high):
            return Between(low + 1, high)
        case OneOf(positions):
            return OneOf(positions ^ {2})
        case NoneOf(positions):
            return NoneOf(positions ^ {2})
        case HasAny(positions):
            return HasAny(frozenset({0}))
        case HasAll(positions):
            return HasAll(frozenset({1, 2}) if positions == {0, 2} else frozenset({0}))
        case _:
            return None


def swapped(opening):
    """The two halves of what is shown, in the other order."""
    match opening:
        case AtLeastOpening(a, b) | BelowOpening(a, b) | BetweenOpening(a, b):
            return type(opening)(b, a)
        case BitsOpening(opened, shut) if len(opened) > 1:
            (i, a), (j, b), *rest = opened.items()
            return BitsOpening({i: b, j: a, **dict(rest)}, shut)
        case _:
            return None


def other_side(opening):
    """What is shown, said to show the complement."""
    match opening:
        case AtLeastOpening(a, b):
            return BelowOpening(a, b)
        case BelowOpening(a, b):
            return AtLeastOpening(a, b)
        case BetweenOpening(a, b):
            return AtLeastOpening(a, b)
        case BitsOpening(opened, shut):
            return BitsOpening(shut, opened)
        case CodesOpening(present, missing, shut):
            return CodesOpening(missing, present, shut)
        case _:
            return None


def other_value(opening):
    match opening:
        case PlainOpening(bool() as value):
            return PlainOpening(not value)
        case PlainOpening(int() as value):
            return PlainOpening(value + 1)
        case PlainOpening(str() as value):
            return PlainOpening(value + "x")
        case AtLeastOpening(a, b) | BelowOpening(a, b) | BetweenOpening(a, b):
            return type(opening)(flipped(a), b)
        case BitsOpening(opened, shut):
            return BitsOpening({j: flipped(key) for j, key in opened.items()}, shut)
        case CodesOpening(present, missing, shut):
            keys = ({j: flipped(key) for j, key in part.items()} for part in (present, missing))
            return CodesOpening(*keys, shut)
        case _:
            return None


def flipped(digest):
    return digest[:-1] + bytes([digest[-1] ^ 1])


def with_path(case, path):
    return (*case[:4], replace(case[4], path=tuple(path)))


def with_opening(case, opening):
    return None if opening is None else (*case[:4], replace(case[4], opening=opening))


def with_statement(case, statement):
    return None if statement is None else (*case[:3], statement, case[4])


def opened_one_less(case):
    opening = case[4].opening
    if not isinstance(opening, BitsOpening):
        return None
    (j, key), *rest = opening.opened.items()
    return with_opening(case, BitsOpening(dict(rest), {**opening.shut, j: key}))


def shown_one_less(case):
    opening = case[4].opening
    if not isinstance(opening, BitsOpening):
        return None
    return with_opening(case, BitsOpening(dict(list(opening.opened.items())[1:]), opening.shut))


def other_mode(mode):
    """The same value digest and salt in a leaf of another mode, as only a faulty issuer could make it."""

    def corrupt(case):
        schema, _, field, statement, proof = case
        own = b"\xff" if isinstance(proof.opening, AbsentOpening) else field.mode_byte
        if mode == own:
            return None
        _, digest = _value_digest(schema, field, statement, proof.opening)
        leaf = leaf_digest(schema.id, field.index, mode, proof.salt, digest)
        root = root_from_path(leaf, field.index, proof.path, depth=schema.depth, tag=FIELD_NODE)
        return schema, root, field, statement, proof

    return corrupt


TIPS = AtLeastOpening(bytes(32), bytes(32))
CORRUPTIONS = {
    "wrong_position": lambda c: with_statement(c, None if c[2].name == "sales" else moved(c[3])),
    "swapped_tips": lambda c: with_opening(c, swapped(c[4].opening)),
    "wrong_side": lambda c: with_opening(c, other_side(c[4].opening)),
    "other_value": lambda c: with_opening(c, other_value(c[4].opening)),
    "other_salt": lambda c: (*c[:4], replace(c[4], salt=flipped(c[4].salt))),
    "other_root": lambda c: (c[0], flipped(c[1]), *c[2:]),
    "other_field_index": lambda c: (*c[:2], replace(c[2], index=c[2].index ^ 1), *c[3:]),
    "index_out_of_range": lambda c: (*c[:2], replace(c[2], index=c[2].index + 16), *c[3:]),
    "index_far_out_of_range": lambda c: (*c[:2], replace(c[2], index=0xFFFF), *c[3:]),
    "other_schema": lambda c: (OTHER_SCHEMA, *c[1:]),
    "mode_plain": other_mode(b"\x01"),
    "mode_ladder": other_mode(b"\x02"),
    "mode_enum": other_mode(b"\x03"),
    "mode_codes": other_mode(b"\x04"),
    "mode_absent": other_mode(b"\xff"),
    "mode_unknown": other_mode(b"\x00"),
    "path_empty": lambda c: with_path(c, ()),
    "path_short": lambda c: with_path(c, c[4].path[:-1]),
    "path_short_below": lambda c: with_path(c, c[4].path[1:]),
    "path_long": lambda c: with_path(c, (*c[4].path, word("sibling"))),
    "path_reversed": lambda c: with_path(c, c[4].path[::-1]),
    "sibling_changed": lambda c: with_path(c, (flipped(c[4].path[0]), *c[4].path[1:])),
    "last_sibling_changed": lambda c: with_path(c, (*c[4].path[:-1], flipped(c[4].path[-1]))),
    "bits_not_complement": opened_one_less,
    "bit_not_shown": shown_one_less,
    "value_as_absent": lambda c: None if c[2].name == "sales" else with_opening(c, AbsentOpening()),
    "absent_as_value": lambda c: (
        with_opening(c, AtLeastOpening(bytes(32), bytes(32))) if c[2].name == "sales" else None
    ),
}
REFUSED = {
    "index_out_of_range": "PathIndexOutOfRange",
    "index_far_out_of_range": "PathIndexOutOfRange",
    "path_empty": "PathLengthWrong",
    "path_short": "PathLengthWrong",
    "path_short_below": "PathLengthWrong",
    "path_long": "PathLengthWrong",
    "bits_not_complement": "BitsNotComplement",
    "bit_not_shown": "BitsShownWrong",
}
# a statement moved away from opened bits, or bits said to show the complement, is a mask that does not fit
NOTHING_PROVEN = {
    "wrong_position": {None, "NoSuchQuestion", "BitsNotComplement"},
    "wrong_side": {None, "NoSuchQuestion", "BitsNotComplement"},
}


@pytest.mark.parametrize("kind", TRUE)
def test_a_true_proof_is_settled_and_no_corruption_of_it_is(contract, kind):
    case = proven(*TRUE[kind])
    assert settle(contract, *case) is checked(*case)
    assert checked(*case) in {HOLDS, DOES_NOT_HOLD, CANNOT_TELL}
    tried = set()
    for name, corrupt in CORRUPTIONS.items():
        corrupted = corrupt(case)
        if corrupted is None:
            continue
        assert corrupted != case, name
        assert checked(*corrupted) not in {HOLDS, DOES_NOT_HOLD, CANNOT_TELL}, name
        on_chain = settle(contract, *corrupted)
        assert on_chain in ({REFUSED[name]} if name in REFUSED else NOTHING_PROVEN.get(name, {None})), name
        tried.add(name)
    assert len(tried) >= 12


def test_every_corruption_is_tried_on_something():
    for name, corrupt in CORRUPTIONS.items():
        assert any(corrupt(proven(*true)) for true in TRUE.values()), name


def test_the_plain_type_is_part_of_the_value(contract):
    prover, root = issue(RAW, word("seed"))
    field = SCHEMA.field("kind")
    where = field_argument(SCHEMA, field, prover.prove(field, Reveal(), may_disclose=True))
    check = contract.functions.checkPlain
    assert ask(check(where, 4, b"10101", root)) is True
    assert ask(check(where, 3, b"10101", root)) is False
    assert ask(check(where, 4, b"101010", root)) is False


def test_the_set_bit_cannot_be_opened(contract):
    prover, root = issue(RAW, word("seed"))
    field = SCHEMA.field("grade")
    where = prover.prove(field, Reveal(), may_disclose=True)
    held = prover.prove(field, NoneOf(frozenset({0, 2, 3, 4})), may_disclose=True)
    assert settle(contract, SCHEMA, root, field, Reveal(), held) is HOLDS
    everything = BitsOpening({**where.opening.opened, 1: word("no key")}, {})
    claim = FieldProof(everything, where.salt, where.path)
    assert settle(contract, SCHEMA, root, field, NoneOf(frozenset(range(5))), claim) is None
