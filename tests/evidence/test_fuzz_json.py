"""Eighty thousand changed bundles: none passes, none crashes; there is one form (E6)."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.check import examine
from tests.kit.evidence import Bundle, Trust, found, world
from tests.kit.fuzz import mutated, places

A_SEED = 400
SEEDS = 50
SMALL = world.World(questions=({**world.STATE, **world.BY_TAX, "period": "2025"},), filler=2)
WORLDS = {
    "without a receipt": SMALL.but(receipt=None),
    "with a receipt": SMALL,
    "of a consortium": SMALL.but(receipt=None, engine="qbft"),
    "that its host cannot tell": SMALL.but(told={0: world.HOST_SAYS}),
}


def verdict(tree, trust):
    try:
        bundle = Bundle.from_json(tree)
    except (InvalidInputError, VerificationError):
        return None
    return found(examine(bundle.encode(), trust)).get("verdicts")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", WORLDS)
def test_no_changed_bundle_passes_and_none_crashes(kind):
    base = json.loads(world.canonical(world.make(WORLDS[kind])))
    trust, paths = Trust.from_json(world.trust(WORLDS[kind].engine)), places(base)
    assert verdict(base, trust) is not None

    @settings(max_examples=SEEDS, deadline=None, database=None)
    @given(st.integers(0, 2**64 - 1))
    def some_at_a_time(seed):
        rng = random.Random(seed)
        for _ in range(A_SEED):
            tree = mutated(rng, base, paths)
            if verdict(tree, trust) is not None:
                assert tree == base

    some_at_a_time()
