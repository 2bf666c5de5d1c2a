"""Ladders as arithmetic: every kind gives what the reference lists, and costs no memory."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.ladder import MAX_POINTS
from ledger_node.domain.number import decimal_text
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Special, format_date, parse_date
from tests.kit import reference
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


@st.composite
def ladders(draw):
    """A ladder of any kind with points of its own, and how its field counts."""
    kind = draw(st.sampled_from(["one_digit", "two_digits", "integers"]))
    low = draw(st.integers(1, 400) if kind != "integers" else st.integers(-400, 400))
    scale = draw(st.integers(0, 3))
    spec = {"kind": kind, "from": low, "to": low + draw(st.integers(0, 3000))}
    if kind == "integers":
        spec["step"] = draw(st.integers(1, 700))
    else:
        spec["mirrored"] = draw(st.booleans())
    field = {"type": "integer", "scale": scale, "ladder": spec}
    for name in ("from", "to", "step"):
        if name in spec and scale:
            spec[name] = decimal_text(spec[name], scale)
    known = set(reference.ladder(field))
    also = sorted(draw(st.sets(st.integers(-5000, 5000), max_size=8)) - known)
    if also:
        spec["also"] = [decimal_text(point, scale) if scale else point for point in also]
    return field, bool(known)


@settings(deadline=None, max_examples=300)
@given(ladders(), st.lists(st.integers(-6000, 6000), min_size=1, max_size=8))
def test_e4_a_ladder_with_points_of_its_own_is_the_list_of_all_of_them(made, values):
    field, any_point = made
    if not any_point:
        with pytest.raises(InvalidInputError):
            ladder_of(field["ladder"], scale=field["scale"])
        return
    listed, ladder = reference.ladder(field), ladder_of(field["ladder"], scale=field["scale"])
    assert list(ladder.thresholds) == listed == sorted(set(listed))
    for value in [*values, *listed, *(point - 1 for point in listed)]:
        assert ladder.idx(value) == len([point for point in listed if point <= value])
        assert (value in ladder.points) is (value in listed)
    for j, point in enumerate(listed, 1):
        assert ladder.position(point) == j


@settings(deadline=None, max_examples=100)
@given(
    st.booleans(),
    st.booleans(),
    st.sets(st.integers(parse_date("2000-01-01", "x"), parse_date("2050-01-01", "x")), max_size=5),
    st.integers(parse_date("0001-01-01", "x"), parse_date("9999-12-31", "x")),
)
def test_e4_the_ends_lie_beyond_every_day_and_no_question_names_them_by_a_day(none, end, also, day):
    spec = {"kind": "days", "from": "2024-02-27", "to": "2024-03-02"}
    also = [format_date(point) for point in sorted(also) if not 19_780 <= point <= 19_784]
    spec |= {"also": also} if also else {}
    field = {"type": "date", "none_on_record": none, "no_end": end, "ladder": spec}
    listed, ladder = reference.ladder(field), ladder_of(spec, none_on_record=none, no_end=end)
    assert list(ladder.thresholds) == listed
    assert len(ladder) == len(ladder.points) + none + end
    assert ladder.idx(day) == len([point for point in listed if point <= day])
    assert (ladder.idx(Special.NONE_ON_RECORD), ladder.idx(Special.NO_END)) == (0, len(ladder))
    assert none <= ladder.idx(day) <= len(ladder) - end
    for beyond in (-(2**31), 2**31):
        with pytest.raises(InvalidInputError) as refused:
            ladder.position(beyond)
        assert refused.value.reason is Reason.OFF_LADDER


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
