"""Parts of two valid bundles, put together in every way: a mix is evidence of nothing."""

import json
from dataclasses import replace
from itertools import combinations

import pytest

from ledger_node.domain.evidence.check import examine
from tests.kit.evidence import Trust, found, world

FIRST = world.World(questions=(world.GRADE_THEN, world.PAID), filler=4)
OTHERS = {
    "another firm's answer in another block": FIRST.but(
        seed="two",
        number=1001,
        time=world.NOW + 60,
        entries=((0, 5, world.REGISTERED, 0, 0), (1, world.NOW - 3 * world.DAY, world.ROTATED, 0, 0)),
        entry=1,
    ),
    "the same question later": FIRST.but(
        number=2000,
        time=world.NOW + 3600,
        use={"number": 3, "not_after": world.NOW + 3900},
        counted={"time": world.NOW + 3600},
        others=(*FIRST.others, (2, world.h("the ticket before"), world.NOW)),
        filler=5,
    ),
    "other questions without a receipt": FIRST.but(
        questions=({**world.INCOME_THEN, **world.BY_COURT},), receipt=None, number=1002
    ),
}
PARTS = tuple(json.loads(world.canonical(world.make(FIRST))))


@pytest.mark.parametrize("other", OTHERS)
def test_every_mix_of_top_level_parts_fails_with_a_named_check(other):
    one, two = world.make(FIRST), world.make(OTHERS[other])
    trust = Trust.from_json(world.trust())
    assert all("verdicts" in found(examine(world.canonical(bundle), trust)) for bundle in (one, two))
    tried = 0
    for size in range(1, len(PARTS)):
        for taken in combinations(PARTS, size):
            mixed = {**one, **{part: two[part] for part in taken}}
            if mixed in (one, two):
                continue
            tried += 1
            report = examine(world.canonical(mixed), trust)
            assert report.failed is not None, taken
    assert tried > 2**5


@pytest.mark.parametrize("other", OTHERS)
def test_every_mix_of_the_parts_of_a_presentation_fails_with_a_named_check(other):
    one, two = world.make(replace(FIRST, receipt=None)), world.make(replace(OTHERS[other], receipt=None))
    trust = Trust.from_json(world.trust())
    parts = tuple(one["presentation"])
    for size in range(1, len(parts)):
        for taken in combinations(parts, size):
            presentation = {**one["presentation"], **{part: two["presentation"][part] for part in taken}}
            if presentation not in (one["presentation"], two["presentation"]):
                mixed = {**one, "presentation": presentation}
                assert examine(world.canonical(mixed), trust).failed is not None, taken
