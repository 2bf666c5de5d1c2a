"""Soundness under mutation: a proof shows its own statement about its own field, and no changed one shows anything."""

from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger_node.domain.commitment import (
    AbsentOpening,
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    CodesOpening,
    Committer,
    FieldProof,
    PlainOpening,
)
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.hashing import BATCH_NODE, depth_of, levels_of, path_of, root_from_path
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import Mode
from ledger_node.domain.statement import Equals, HasAny, OneOf, Reveal
from ledger_node.domain.value import Period
from tests.kit.every_kind import (
    ABSENT,
    ENUMS,
    LADDERS,
    OTHER_SCHEMA,
    PLAINS,
    SCHEMA,
    SEED,
    SETS,
    commit,
    edges,
    statements_about,
    truth,
    values_of,
)
from tests.kit.world import HOLDS, build, h

SIDES = ("present", "missing", "shut")
CHAINS = (AtLeastOpening, BelowOpening, BetweenOpening)


@dataclass(frozen=True)
class Case:
    """A field, a statement about it, and its honest proof."""

    committed: object
    field: object
    statement: object
    proof: FieldProof

    def check(self, *, schema=SCHEMA, field=None, statement=None, proof=None):
        field = self.field if field is None else field
        statement = self.statement if statement is None else statement
        return check_proof(schema, self.committed.root, field, statement, self.proof if proof is None else proof)

    def require_refused(self, **changes):
        with pytest.raises(VerificationError):
            self.check(**changes)


@st.composite
def cases(draw, fields=SCHEMA.fields, *, absent=True):
    field = draw(st.sampled_from(fields))
    value = draw(values_of(field) | st.just(ABSENT) if absent else values_of(field))
    asked = (draw(values_of(field)),) if field.mode is Mode.PLAIN else ()
    statement = draw(st.sampled_from(list(statements_about(field, *asked))))
    committed = commit(seed=draw(st.sampled_from([SEED, h("another seed")])), **{field.name: value})
    case = Case(committed, field, statement, committed.prove(field, statement))
    assert case.check() is truth(statement, field, value)
    return case


# a proof is its 32-byte parts, each at a place; a place is a path of names and positions
def parts(proof) -> dict[tuple, bytes]:
    found = {("salt",): proof.salt} | {("path", height): sibling for height, sibling in enumerate(proof.path)}
    match proof.opening:
        case BitsOpening(opened, shut):
            found |= {("opened", j): key for j, key in opened.items()} | {("shut", j): bit for j, bit in shut.items()}
        case CodesOpening():
            found |= {(name, j): part for name in SIDES for j, part in getattr(proof.opening, name).items()}
        case AtLeastOpening() | BelowOpening() | BetweenOpening():
            found |= {("chain", name): getattr(proof.opening, name) for name in proof.opening.__slots__}
    return found


def with_part(proof, place, part) -> FieldProof:
    match place:
        case ("salt",):
            return replace(proof, salt=part)
        case ("path", height):
            return replace(proof, path=(*proof.path[:height], part, *proof.path[height + 1 :]))
        case ("chain", name):
            return replace(proof, opening=replace(proof.opening, **{name: part}))
        case (which, j):
            bits = dict(getattr(proof.opening, which)) | {j: part}
            return replace(proof, opening=replace(proof.opening, **{which: bits}))


def flipped(part: bytes, bit: int) -> bytes:
    return (int.from_bytes(part, "big") ^ 1 << bit).to_bytes(len(part), "big")


@settings(deadline=None, max_examples=200)
@given(st.data(), cases(), st.integers(0, 255))
def test_no_proof_with_one_bit_changed_verifies(data, case, bit):
    place = data.draw(st.sampled_from(sorted(parts(case.proof), key=str)))
    case.require_refused(proof=with_part(case.proof, place, flipped(parts(case.proof)[place], bit)))


@pytest.mark.parametrize("field", SCHEMA.fields, ids=lambda field: field.name)
def test_no_part_of_a_proof_is_idle(field):
    # the property above draws its places; here every part of one proof of every opening is changed once
    asked = [commit().value(field)] if field.mode is Mode.PLAIN else []
    seen = set()
    for statement in statements_about(field, *asked):
        for committed in (commit(), commit(**{field.name: ABSENT})):
            case = Case(committed, field, statement, committed.prove(field, statement))
            shape = (type(case.proof.opening), frozenset(parts(case.proof)))
            if shape not in seen:
                seen.add(shape)
                for place, part in parts(case.proof).items():
                    case.require_refused(proof=with_part(case.proof, place, flipped(part, 0)))
    assert seen


@settings(deadline=None, max_examples=80)
@given(st.data(), cases(), st.binary(min_size=1, max_size=33), st.integers(0, 31))
def test_no_proof_with_a_part_cut_short_or_made_longer_verifies(data, case, more, kept):
    place = data.draw(st.sampled_from(sorted(parts(case.proof), key=str)))
    part = parts(case.proof)[place]
    for changed in (part + more, more + part, part[:kept], part[len(part) - kept :]):
        case.require_refused(proof=with_part(case.proof, place, changed))


@settings(deadline=None, max_examples=100)
@given(st.data(), cases())
def test_no_proof_with_two_parts_swapped_or_one_repeated_verifies(data, case):
    held = parts(case.proof)
    one, two = (data.draw(st.sampled_from(sorted(held, key=str))) for _ in range(2))
    assume(held[one] != held[two])
    repeated = with_part(case.proof, one, held[two])
    case.require_refused(proof=repeated)
    case.require_refused(proof=with_part(repeated, two, held[one]))


@settings(deadline=None, max_examples=80)
@given(st.data(), cases())
def test_no_proof_with_a_sibling_more_or_less_or_elsewhere_verifies(data, case):
    path = list(case.proof.path)
    height, to = (data.draw(st.integers(0, len(path) - 1)) for _ in range(2))
    rest = path[:height] + path[height + 1 :]
    moved = [*rest[:to], path[height], *rest[to:]]
    for changed in (rest, [*path[:height], path[height], *path[height:]], [*path, *path], [], path[::-1], moved):
        if changed != path:
            case.require_refused(proof=replace(case.proof, path=tuple(changed)))


@settings(deadline=None, max_examples=100)
@given(st.data(), cases(ENUMS, absent=False))
def test_no_opening_with_a_bit_dropped_added_or_on_the_other_side_verifies(data, case):
    opened, shut = dict(case.proof.opening.opened), dict(case.proof.opening.shut)
    j = data.draw(st.integers(0, len(case.field.members) - 1))
    here, there = (opened, shut) if j in opened else (shut, opened)
    part = here.pop(j)
    case.require_refused(proof=replace(case.proof, opening=BitsOpening(opened, shut)))
    there[j] = part
    case.require_refused(proof=replace(case.proof, opening=BitsOpening(opened, shut)))
    here[j] = part
    case.require_refused(proof=replace(case.proof, opening=BitsOpening(opened, shut)))


@settings(deadline=None, max_examples=100)
@given(st.data(), cases(SETS, absent=False))
def test_no_opening_of_a_set_with_a_bit_dropped_added_or_on_another_side_verifies(data, case):
    sides = {name: dict(getattr(case.proof.opening, name)) for name in SIDES}
    j = data.draw(st.integers(0, len(case.field.members) - 1))
    here = next(name for name in SIDES if j in sides[name])
    part = sides[here].pop(j)
    case.require_refused(proof=replace(case.proof, opening=CodesOpening(**sides)))
    for there in SIDES:
        moved = sides | {there: {**sides[there], j: part}}
        if there != here:
            case.require_refused(proof=replace(case.proof, opening=CodesOpening(**moved)))
            both = moved | {here: {**sides[here], j: part}}
            case.require_refused(proof=replace(case.proof, opening=CodesOpening(**both)))


@pytest.mark.parametrize("field", SETS, ids=lambda field: field.name)
def test_an_opening_of_a_set_counts_for_no_statement_that_is_false(field):
    # all bits with all their keys, opened and shut in every way, also as what they are not
    for held in edges(field):
        committed = commit(**{field.name: held})
        everything = committed.prove(field, Reveal()).opening
        keys = {**everything.present, **everything.missing}
        shut = {}
        for j in keys:
            (one,) = (HasAny(frozenset({j})),)
            shut |= committed.prove(field, HasAny(frozenset(keys) - {j})).opening.shut
            assert committed.prove(field, one).opening.shut.keys() == keys.keys() - {j}
        frame = committed.prove(field, Reveal())
        for ways in product(SIDES, repeat=len(keys)):
            opening = CodesOpening(
                *(
                    {j: (shut if name == "shut" else keys)[j] for j, way in enumerate(ways) if way == name}
                    for name in SIDES
                )
            )
            for statement in statements_about(field):
                case = Case(committed, field, statement, replace(frame, opening=opening))
                try:
                    outcome = case.check()
                except VerificationError:
                    continue
                assert outcome is truth(statement, field, held), (held, statement, ways)
                assert all(
                    (way == "present") == (field.members[j] in held) for j, way in enumerate(ways) if way != "shut"
                )


def test_bits_of_an_enum_count_for_no_set_and_those_of_a_set_for_no_enum():
    (grade, _), (pledges,) = ENUMS[::-1], SETS
    bits, codes = commit().prove(grade, Reveal()), commit().prove(pledges, Reveal())
    for field, proof, statement in (
        (pledges, bits, HasAny(frozenset({0}))),
        (grade, codes, OneOf(frozenset({0}))),
        (pledges, bits, Reveal()),
        (grade, codes, Reveal()),
    ):
        with pytest.raises(VerificationError) as error:
            check_proof(SCHEMA, commit().root, field, statement, proof)
        assert error.value.reason is Reason.MODE_MISMATCH


@settings(deadline=None, max_examples=50)
@given(st.data(), cases(LADDERS, absent=False))
def test_no_chain_counts_in_another_direction(data, case):
    first, second = (getattr(case.proof.opening, name) for name in case.proof.opening.__slots__)
    others = data.draw(st.lists(st.sampled_from(list(statements_about(case.field))), max_size=5))
    for statement in (case.statement, *others):
        for kind in CHAINS:
            assert_refused_or_honest(case, statement, kind(first, second))
            assert_refused_or_honest(case, statement, kind(second, first))


def assert_refused_or_honest(case, statement, opening):
    """An opening counts for exactly those statements whose honest opening it is."""
    honest = case.committed.prove(case.field, statement)
    proof = replace(case.proof, opening=opening)
    if proof == honest:
        expected = truth(statement, case.field, case.committed.value(case.field))
        assert case.check(statement=statement, proof=proof) is expected
    else:
        case.require_refused(statement=statement, proof=proof)


def cross_check(field, value, *asked):
    committed = commit(**{field.name: value})
    honest = [(statement, committed.prove(field, statement)) for statement in statements_about(field, *asked)]
    for _, proof in honest:
        case = Case(committed, field, honest[0][0], proof)
        for statement, own in honest:
            if own == proof:
                assert case.check(statement=statement) is truth(statement, field, value)
            else:
                case.require_refused(statement=statement)


@pytest.mark.parametrize("field", [*LADDERS, *ENUMS], ids=lambda field: field.name)
def test_a_proof_counts_for_exactly_the_statements_that_it_is_the_honest_proof_of(field):
    # another position j, the other direction, another set: all pairs of statements
    values = edges(field)
    for value in (values[0], values[len(values) // 2], values[-1]):
        cross_check(field, value)


@settings(deadline=None, max_examples=80)
@given(st.data(), cases())
def test_no_proof_counts_for_another_field(data, case):
    other = data.draw(st.sampled_from([field for field in SCHEMA.fields if field != case.field]))
    # the same value stands in the other field, under the same seed; only the slot differs
    statements = [case.statement, *statements_about(other, *[case.committed.value(other)] * (other.mode is Mode.PLAIN))]
    for statement in statements[:40]:
        for field in (other, replace(case.field, index=other.index)):
            case.require_refused(field=field, statement=statement)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 20) | st.integers(0, 2**16 - 1), cases())
def test_no_proof_counts_at_an_index_that_is_not_its_own(index, case):
    assume(index != case.field.index)
    case.require_refused(field=replace(case.field, index=index))


@settings(deadline=None, max_examples=80)
@given(cases(), st.integers(0, 255))
def test_no_proof_counts_under_another_schema_or_root(case, bit):
    case.require_refused(schema=OTHER_SCHEMA, field=OTHER_SCHEMA.field(case.field.name))
    case.require_refused(schema=replace(SCHEMA, id=flipped(SCHEMA.id, bit)))
    other = replace(case.committed, root=flipped(case.committed.root, bit))
    replace(case, committed=other).require_refused()
    # not even where the same seed committed to the same values
    same = Committer(OTHER_SCHEMA).commit(case.committed.prover.seed, case.committed.prover.values).root
    replace(case, committed=replace(case.committed, root=same)).require_refused()


@settings(deadline=None, max_examples=120)
@given(st.data(), cases(PLAINS, absent=False))
def test_no_other_plain_value_is_revealed(data, case):
    other = data.draw(values_of(case.field))
    assume(other != case.committed.value(case.field))
    for statement in (Reveal(), Equals(other), Equals(case.committed.value(case.field))):
        case.require_refused(statement=statement, proof=replace(case.proof, opening=PlainOpening(other)))


@settings(deadline=None, max_examples=80)
@given(cases(absent=False))
def test_no_value_is_passed_off_as_absent_and_no_absence_as_a_value(case):
    case.require_refused(proof=replace(case.proof, opening=AbsentOpening()))
    absent = commit(**{case.field.name: ABSENT})
    hidden = absent.prove(case.field, case.statement)
    swapped = Case(absent, case.field, case.statement, hidden)
    swapped.require_refused(proof=replace(hidden, opening=case.proof.opening))
    swapped.require_refused(proof=case.proof)


WORLD = build(questions=HOLDS[:1])
SHOWN = WORLD.shown
HEADER_BITS = {
    "schema_id": 256,
    "fields_root": 256,
    "subject_tag": 256,
    "issuer": 256,
    "issued_at": 64,
    "valid_until": 64,
    "as_of": 32,
    "first": 32,
    "last": 32,
    "supersedes": 256,
    "chain_id": 64,
    "anchor_registry": 160,
}
ANCHOR_BITS = {
    "member": 256,
    "stream": 8,
    "number": 64,
    "root": 256,
    "size": 32,
    "start": 64,
    "anchored_at": 64,
    "key": 160,
}


def bit_of(value, bit):
    return value ^ 1 << bit if isinstance(value, int) else flipped(value, bit)


def refused(shown):
    with pytest.raises(CredenceError):
        WORLD.with_shown(shown).verify()


def test_the_unchanged_world_verifies():
    assert [verdict.outcome for verdict in WORLD.with_shown(SHOWN).verify()] == [Outcome.HOLDS]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([(name, bit) for name, bits in HEADER_BITS.items() for bit in range(bits)]))
def test_no_header_with_one_bit_changed_verifies(place):
    name, bit = place
    header = SHOWN.header
    if name in {"first", "last"}:
        period = [header.period.first, header.period.last]
        period[name == "last"] ^= 1 << bit
        assume(period[0] <= period[1])
        changed = replace(header, period=Period(*period))
    else:
        changed = replace(header, **{name: bit_of(getattr(header, name), bit)})
    refused(replace(SHOWN, header=changed))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([(name, bit) for name, bits in ANCHOR_BITS.items() for bit in range(bits)]))
def test_no_anchor_with_one_bit_changed_verifies(place):
    name, bit = place
    refused(replace(SHOWN, anchor=replace(SHOWN.anchor, **{name: bit_of(getattr(SHOWN.anchor, name), bit)})))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(SHOWN.path) * 256 - 1), st.integers(0, 31), st.integers(0, 255))
def test_no_place_in_a_batch_and_no_subject_key_with_one_bit_changed_verifies(bit, index_bit, key_bit):
    height, inside = divmod(bit, 256)
    path = list(SHOWN.path)
    path[height] = flipped(path[height], inside)
    refused(replace(SHOWN, path=tuple(path)))
    refused(replace(SHOWN, index=SHOWN.index ^ 1 << index_bit))
    refused(replace(SHOWN, subject_key=flipped(SHOWN.subject_key, key_bit)))


@settings(deadline=None, max_examples=150)
@given(st.data(), st.integers(0, 5))
def test_a_leaf_leads_to_the_root_from_its_own_slot_along_its_own_path_only(data, depth):
    slots = [h("slot", depth, number) for number in range(1 << depth)]
    levels = levels_of(slots, BATCH_NODE)
    assert depth_of(len(slots)) == depth
    index, other = (data.draw(st.integers(0, len(slots) - 1)) for _ in range(2))
    paths = [path_of(levels, slot) for slot in (index, other)]
    for slot, leaf, path in product((index, other), (slots[index], slots[other]), paths):
        own = leaf == slots[slot] and path == path_of(levels, slot)
        assert (root_from_path(leaf, slot, path, depth=depth, tag=BATCH_NODE) == levels[-1][0]) is own
