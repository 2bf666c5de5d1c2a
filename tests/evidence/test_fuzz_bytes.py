"""Twenty thousand bundles with changed bytes: none passes, none crashes, each refusal is one for programs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.evidence.check import examine
from tests.kit.evidence import Trust, world
from tests.kit.fuzz import mutated_bytes

A_SEED = 200
SEEDS = 50
SMALL = world.World(questions=({**world.STATE, **world.BY_TAX, "period": "2025"},), filler=2)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ["sealer", "qbft"])
def test_no_bundle_with_changed_bytes_passes_and_none_crashes(engine):
    data, other = (
        world.canonical(world.make(SMALL.but(engine=engine, seed=seed, receipt=None))) for seed in ("a", "b")
    )
    trust = Trust.from_json(world.trust(engine))
    assert examine(data, trust).failed is None

    @settings(max_examples=SEEDS, deadline=None, database=None)
    @given(st.integers(0, 2**64 - 1))
    def some_at_a_time(seed):
        rng = random.Random(seed)
        for _ in range(A_SEED):
            changed = mutated_bytes(rng, data, other)
            failed = examine(changed, trust).failed
            assert (failed is None) == (changed == data)
            assert failed is None or failed.reason is not None

    some_at_a_time()
