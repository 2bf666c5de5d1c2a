"""Properties over random values: no changed presentation verifies, status words fold, and seeds hide."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.commitment import Committer
from ledger_node.domain.error import CredenceError
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.status import fold, is_set
from tests.kit.world import DOES_NOT_HOLD, FACTS, HOLDS, RAW, SCHEMAS, World, build

seeds = st.binary(min_size=32, max_size=32)

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
