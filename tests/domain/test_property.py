"""Properties over random values: proofs are complete and right, and nothing else verifies."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from world import DOES_NOT_HOLD, FACTS, HOLDS, RAW, SCHEMAS, World, build, day, h

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.commitment import Committer
from ledger_node.domain.error import CredenceError
from ledger_node.domain.opening import proof_from_json, proof_to_json
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, NoneOf, OneOf, Reveal
from ledger_node.domain.status import fold, is_set
from ledger_node.domain.value import Special, add_months

SMALL = Schema.from_json(
    {
        "name": "small",
        "version": 1,
        "fields": [
            {
                "name": "number",
                "type": "integer",
                "mode": "ladder",
                "ladder": {"kind": "integers", "from": -3, "to": 4},
            },
            {"name": "kind", "type": "enum", "mode": "enum", "members": ["a", "b", "c", "d"]},
            {
                "name": "month",
                "type": "month",
                "mode": "ladder",
                "none_on_record": True,
                "ladder": {"kind": "months", "from": "2025-11", "to": "2026-03"},
            },
            {"name": "text", "type": "text", "mode": "plain"},
        ],
    }
)
NUMBER, KIND, MONTH, TEXT = SMALL.fields
COMMITTER = Committer(SMALL)
seeds = st.binary(min_size=32, max_size=32)


def truth(statement, field, value) -> bool:
    """What the statement says, read from its definition."""
    low = -(10**9) if value is Special.NONE_ON_RECORD else value
    match statement:
        case AtLeast(j):
            return low >= field.ladder.thresholds[j - 1]
        case Below(j):
            return low < field.ladder.thresholds[j - 1]
        case Between(first, second):
            return field.ladder.thresholds[first - 1] <= low < field.ladder.thresholds[second - 1]
        case OneOf(positions):
            return field.members.index(value) in positions
        case NoneOf(positions):
            return field.members.index(value) not in positions
        case Equals(asked):
            return asked == value
        case Reveal():
            return True


def check_all(prover, root, field, value, statements):
    for statement in statements:
        proof = prover.prove(field, statement, may_disclose=True)
        outcome = check_proof(SMALL, root, field, statement, proof)
        assert outcome is (Outcome.HOLDS if truth(statement, field, value) else Outcome.DOES_NOT_HOLD)
        assert proof_from_json(decode(encode(proof_to_json(proof, field))), field) == proof


def every_ladder_statement(field):
    count = len(field.ladder)
    for j in range(1, count + 1):
        yield AtLeast(j)
        yield Below(j)
        yield from (Between(j, high) for high in range(j + 1, count + 1))


def commit(seed, number=0, kind="a", month=Special.NONE_ON_RECORD, text="x"):
    values = (number, kind, month, text)
    return Prover(COMMITTER, seed, values), COMMITTER.commit(seed, values).root


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(-6, 7))
def test_every_question_on_a_whole_ladder_is_answered_rightly(seed, number):
    prover, root = commit(seed, number=number)
    check_all(prover, root, NUMBER, number, every_ladder_statement(NUMBER))


@settings(deadline=None, max_examples=30)
@given(seeds, st.none() | st.integers(-4, 8))
def test_every_question_on_months_is_answered_rightly_and_none_on_record_is_below_all(seed, offset):
    first = day("2025-11-01")
    month = Special.NONE_ON_RECORD if offset is None else add_months(first, offset)
    prover, root = commit(seed, month=month)
    check_all(prover, root, MONTH, month, every_ladder_statement(MONTH))


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from("abcd"))
def test_every_set_of_members_is_answered_rightly(seed, kind):
    prover, root = commit(seed, kind=kind)
    sets = [frozenset(j for j in range(4) if mask >> j & 1) for mask in range(1, 15)]
    check_all(prover, root, KIND, kind, [*map(OneOf, sets), *map(NoneOf, sets), Reveal()])


@settings(deadline=None, max_examples=60)
@given(seeds, st.text("ab", min_size=1, max_size=2), st.text("ab", min_size=1, max_size=2))
def test_equality_of_plain_values_is_answered_rightly(seed, text, asked):
    prover, root = commit(seed, text=text)
    check_all(prover, root, TEXT, text, [Equals(asked), Reveal()])


# a "cannot tell" stays one whatever is changed in its proof; yes and no must not survive a change
VALID = build(questions=(*HOLDS, *DOES_NOT_HOLD))
FORM = decode(encode(VALID.presentation.to_json(SCHEMAS)))


def leaves(value, path=()):
    match value:
        case dict():
            for key, member in value.items():
                yield from leaves(member, (*path, key))
        case list():
            for place, member in enumerate(value):
                yield from leaves(member, (*path, place))
        case str() if value.startswith("0x"):
            yield path


HEX_PLACES = list(leaves(FORM))


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(HEX_PLACES), st.integers(0, 2**16), st.integers(1, 255))
def test_no_changed_byte_of_any_digest_key_or_signature_verifies(place, position, flip):
    form = copy.deepcopy(FORM)
    target = form
    for key in place[:-1]:
        target = target[key]
    raw = bytearray.fromhex(target[place[-1]][2:])
    raw[position % len(raw)] ^= flip
    target[place[-1]] = "0x" + raw.hex()
    try:
        changed = World(Presentation.from_json(form, SCHEMAS), VALID.facts).verify()
    except CredenceError:
        return
    raise AssertionError(f"{place} was changed and still verifies: {changed}")


BYTES = encode(FORM)


@settings(deadline=None, max_examples=600)
@given(st.integers(0, len(BYTES) - 1), st.integers(0, 127))
def test_no_changed_byte_of_a_presentation_verifies_with_another_meaning(position, byte):
    changed = BYTES[:position] + bytes([byte]) + BYTES[position + 1 :]
    try:
        presentation = Presentation.from_json(decode(changed), SCHEMAS)
        verdicts = World(presentation, VALID.facts).verify()
    except CredenceError:
        return
    # what still verifies says the same: at most words for people or the case of an address changed
    assert verdicts == VALID.verify()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 2000), max_size=60))
def test_folded_positions_are_set_and_no_others(positions):
    words, masks = fold(positions)
    bits = dict(zip(words, masks, strict=True))
    assert words == sorted(set(words))
    assert all(masks)
    assert {w * 256 + b for w, mask in bits.items() for b in range(256) if mask >> b & 1} == set(positions)
    assert all(is_set(bits, position) for position in positions)
    unset = set(range(0, 2000, 7)) - set(positions)
    assert not any(is_set(bits, position) for position in unset if position // 256 in bits)


@settings(deadline=None, max_examples=40)
@given(seeds, seeds)
def test_equal_values_under_different_seeds_share_no_leaf(one, two):
    values = FACTS.parse_values(RAW)
    leaves_of = [set(Committer(FACTS).commit(seed, values).levels[0]) for seed in (one, two)]
    assert one == two or not leaves_of[0] & leaves_of[1]


def test_one_seed_reproduces_the_whole_commitment():
    values = FACTS.parse_values(RAW)
    assert Committer(FACTS).commit(h(1), values) == Committer(FACTS).commit(h(1), values)
