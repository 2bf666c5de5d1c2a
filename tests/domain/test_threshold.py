"""Ladders as arithmetic: every kind gives what the reference lists, and costs no memory."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.ladder import MAX_POINTS
from ledger_node.domain.value import parse_date
from tests.kit.evidence import CASES, TRUSTS, Trust, data_of, found, world
from tests.kit.field import ladder_of, listed

SPECS = [
    {"kind": "one_digit", "from": 1, "to": 1},
    {"kind": "one_digit", "from": 7, "to": 30_000},
    {"kind": "one_digit", "from": 11, "to": 19},
    {"kind": "two_digits", "from": 1, "to": 2**53 - 1},
    {"kind": "two_digits", "from": 10, "to": 400, "also": [1, 101, 301, 5_000]},
    {"kind": "one_digit", "from": 10, "to": 90, "mirrored": True, "also": [-15, -1, 1, 95]},
    {"kind": "integers", "from": -100, "to": 100, "step": 7, "also": [-101, 0, 3]},
    {"kind": "days", "from": "2024-02-27", "to": "2024-03-02", "also": ["2000-01-01", "2050-12-31"]},
    {"kind": "months", "from": "2024-02", "to": "2024-05", "also": ["1999-12", "2024-07"]},
    {"kind": "two_digits", "from": 10, "to": 99},
    {"kind": "two_digits", "from": 101, "to": 10_050},
    {"kind": "one_digit", "from": 15, "to": 250, "mirrored": True},
    {"kind": "two_digits", "from": 5, "to": 5_000, "mirrored": True},
    {"kind": "integers", "from": -3, "to": 3},
    {"kind": "days", "from": "2024-02-27", "to": "2024-03-02"},
    {"kind": "months", "from": "2019-11", "to": "2032-02"},
    {"kind": "months", "from": "2024-02", "to": "2024-02"},
]
LIMIT = 64 * 1024 * 1024


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec["kind"] != "one_digit" or spec["from"] != 11], ids=str)
def test_e4_a_ladder_counts_finds_and_gives_its_thresholds_as_the_list_of_them_would(spec):
    points, ladder = listed(spec), ladder_of(spec)
    assert len(ladder) == len(points)
    assert list(ladder.thresholds) == points
    assert ladder.thresholds[-1] == points[-1]
    assert ladder.thresholds[1:3] == points[1:3]
    for point in {one + near for one in points for near in (-1, 0, 1)} | {-(10**6), 10**6}:
        assert ladder.idx(point) == len([one for one in points if one <= point])
        assert (point in ladder.thresholds) is (point in points)
    assert "a text" not in ladder.thresholds
    with pytest.raises(IndexError):
        ladder.thresholds[len(points)]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(SPECS), st.integers(-(2**31), 2**127))
def test_e4_any_value_has_the_idx_that_the_list_gives_it(spec, value):
    points = listed(spec)
    if points:
        assert ladder_of(spec).idx(value) == len([one for one in points if one <= value])


def test_e4_a_day_beyond_all_dates_lies_above_every_month():
    months = ladder_of({"kind": "months", "from": "9990-01", "to": "9999-12"})
    assert months.idx(2**31 - 1) == len(months) == 120
    assert months.idx(parse_date("9999-12-31", "day")) == 120


def heavy_bundle():
    """A bundle of less than 1 MiB that brings 17 million thresholds: 128 schemas, each with as many as it may have."""
    bundle = decode(data_of("two_claims"))
    ladder = {"from": 0, "kind": "integers", "to": MAX_POINTS - 1}
    fields = [{"ladder": ladder, "mode": "ladder", "name": f"f{n}", "type": "integer"} for n in range(2)]
    schemas = [{"fields": fields, "name": f"a{n:03}", "version": 1} for n in range(128)]
    data = world.canonical({**bundle, "schemas": [*schemas, *bundle["schemas"]]})
    assert len(data) < 1024 * 1024
    return data


def test_e4_a_bundle_of_many_ladders_is_refused_within_a_bound_of_memory():
    data, trust = heavy_bundle(), Trust.from_json(TRUSTS[CASES["two_claims"]["trust"]])
    tracemalloc.start()
    try:
        report = examine(data, trust)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found(report) == {"check": "form", "reason": "not_canonical"}
    # all of it was read before that
    assert "nothing needs" in report.failed.words
    assert peak < LIMIT
