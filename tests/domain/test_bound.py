"""Bounds, rules between columns, and the end of what an attestation is valid for."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema, day_in_china
from ledger_node.domain.schema_field import require_days
from ledger_node.domain.value import Period, Special, format_value, parse_date

AS_OF, PERIOD = parse_date("2026-10-31", "x"), Period.parse("2025")
MONTHS = {"kind": "months", "from": "2021-01", "to": "2030-12"}
FIELDS = [
    {"name": "count", "type": "integer", "mode": "plain", "bounds": {"from": 0, "to": 24}},
    {"name": "other", "type": "integer", "mode": "plain", "optional": True},
    {"name": "first", "type": "date", "mode": "plain", "bounds": {"from": "2000-01-01", "to": "2030-12-31"}},
    {"name": "end", "type": "date", "mode": "plain", "optional": True,
     "bounds": {"from": "1970-01-01", "to": "2099-12-31"}},
    {"name": "last", "type": "month", "mode": "ladder", "none_on_record": True, "ladder": MONTHS,
     "bounds": {"from": "2001-02", "to": "as_of"}},
    {"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "none"]},
    {"name": "kind", "type": "code", "mode": "plain", "optional": True},
]  # fmt: skip
GOOD = {"count": 3, "other": 5, "first": "2025-04-01", "end": "2026-04-01", "last": "2026-10", "grade": "A"}


def schema(*rules, fields=FIELDS, **members):
    return Schema.from_json({"name": "s", "version": 1, "fields": fields, "rules": list(rules), **members})


def bounded(bounds, kind="integer"):
    return schema(fields=[{"name": "x", "type": kind, "mode": "plain", "bounds": bounds}])


def check(made, as_of=AS_OF, period=PERIOD, **changes):
    made.require_sense(made.parse_values(GOOD | changes), as_of=as_of, period=period)


def refusal(call, *arguments, **changes):
    with pytest.raises(InvalidInputError) as refused:
        call(*arguments, **changes)
    return refused.value.reason, refused.value.field


def test_f5_bounds_and_rules_belong_to_what_the_schema_id_digests():
    plain = Schema.from_json({"name": "s", "version": 1, "fields": FIELDS})
    less = [{name: member for name, member in field.items() if name != "bounds"} for field in FIELDS]
    ids = {
        plain.id,
        schema(["count", ">", 0]).id,
        schema(["count", ">", 1]).id,
        schema(valid_to="end").id,
        Schema.from_json({"name": "s", "version": 1, "fields": less}).id,
    }
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("field", "first", "last", "below", "above"),
    [
        ("count", 0, 24, -1, 25),
        ("first", "2000-01-01", "2030-12-31", "1999-12-31", "2031-01-01"),
        ("last", "2001-02", "2026-10", "2001-01", "2026-11"),
    ],
)
def test_f5_a_value_outside_its_bounds_is_refused_by_name(field, first, last, below, above):
    made = schema()
    for inside in (first, last):
        check(made, **{field: inside})
    for outside in (below, above):
        assert refusal(check, made, **{field: outside}) == (Reason.VALUE_OUT_OF_BOUNDS, field)
        with pytest.raises(InvalidInputError) as refused:
            check(made, **{field: outside})
        assert str(outside) not in str(refused.value)


def test_f5_the_message_says_the_bounds():
    with pytest.raises(InvalidInputError, match="'first' must lie between 2000-01-01 and 2030-12-31"):
        check(schema(), first="1900-01-01")
    with pytest.raises(InvalidInputError, match="'last' must lie between 2001-02 and the day that the data is of"):
        check(schema(), last="2052-01")


def test_f5_what_is_absent_or_none_on_record_lies_within_all_bounds():
    check(schema(), last="none", end=None)


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        ("integer", {"from": 5, "to": 4}),
        ("integer", {"from": 0, "to": "as_of"}),
        ("integer", {"from": 0}),
        ("integer", {"from": 0, "to": 1, "step": 1}),
        ("integer", {"from": 0, "to": 2**53}),
        ("integer", {"from": -(2**53), "to": 0}),
        ("integer", {"from": True, "to": 5}),
        ("integer", []),
        ("date", {"from": "as_of", "to": "as_of"}),
        ("date", {"from": "2025-01", "to": "2026-01-01"}),
        ("date", {"from": "2025-01-02", "to": "2025-01-01"}),
        ("code", {"from": "a", "to": "b"}),
        ("bool", {"from": False, "to": True}),
    ],
)
def test_f5_bounds_that_say_nothing_make_no_schema(kind, bounds):
    reason, field = refusal(bounded, bounds, kind)
    assert reason in {Reason.SCHEMA_INVALID, Reason.FIELD_MISSING, Reason.FIELD_UNKNOWN, Reason.TYPE_WRONG,
                      Reason.VALUE_OUT_OF_RANGE, Reason.VALUE_MALFORMED}  # fmt: skip
    assert field in {"bounds", "to", "step", "from"}


@pytest.mark.parametrize(
    ("as_of", "period", "field"),
    [
        ("2052-01-01", "2025", "as_of"),
        ("2026-11-02", "2025", "as_of"),
        ("1969-12-31", "1969", "as_of"),
        ("1900-01-01", "1900", "as_of"),
        ("2026-10-31", "2052", "period"),
        ("2026-10-31", "2026-11", "period"),
        ("2026-10-31", "1969", "period"),
        ("2026-10-31", "1969-12-31:2026-01-01", "period"),
    ],
)
def test_f5_days_that_cannot_be_are_refused(as_of, period, field):
    today = parse_date("2026-11-01", "x")
    days = parse_date(as_of, "x"), Period.parse(period)
    assert refusal(require_days, *days, today) == (Reason.VALUE_OUT_OF_BOUNDS, field)


@pytest.mark.parametrize(
    ("as_of", "period"), [("2026-11-01", "2026-11"), ("1970-01-01", "1970"), ("2026-01-01", "2026")]
)
def test_f5_a_period_has_begun_by_the_day_of_the_data_which_is_today_at_the_latest(as_of, period):
    require_days(parse_date(as_of, "x"), Period.parse(period), parse_date("2026-11-01", "x"))


# each rule, what obeys it, what does not and the field that is named
RULES = [
    (["first", "<=", "end"], {"end": "2025-04-01"}, {"end": "2025-03-31"}, "first"),
    (["first", "<", "end"], {"end": "2025-04-02"}, {"end": "2025-04-01"}, "first"),
    (["end", ">=", "first"], {"end": "2025-04-01"}, {"end": "2025-03-31"}, "end"),
    (["end", ">", "first"], {"end": "2025-04-02"}, {"end": "2025-04-01"}, "end"),
    (["count", "=", "other"], {"count": 5}, {"count": 6}, "count"),
    (["count", "!=", 7], {"count": 5}, {"count": 7}, "count"),
    (["count", "<", -1], None, {"count": 0}, "count"),
    (["count", "=", "period_year"], None, {}, "count"),
    (["other", "=", "period_year"], {"other": 2025}, {"other": 2024}, "other"),
    (["first", "<=", "as_of"], {"first": "2026-10-31"}, {"first": "2026-11-01"}, "first"),
    (["first", ">=", "period_from"], {"first": "2025-01-01"}, {"first": "2024-12-31"}, "first"),
    (["first", "<=", "period_to"], {"first": "2025-12-31"}, {"first": "2026-01-01"}, "first"),
    (["period_to", "<", "as_of"], {}, None, "period_to"),
    (["as_of", "<", "2026-10-31"], None, {}, "as_of"),
    (["last", ">=", "2025-03"], {"last": "2025-03"}, {"last": "2025-02"}, "last"),
    (["last", "=", "none"], {"last": "none"}, {}, "last"),
    (["last", "!=", "none"], {}, {"last": "none"}, "last"),
    (["last", "<", "period_from"], {"last": "none"}, {"last": "2025-01"}, "last"),
    (["grade", "!=", "none"], {"grade": "A"}, {"grade": "none"}, "grade"),
    (["grade", "=", "B"], {"grade": "B"}, {"grade": "A"}, "grade"),
    ({"if": ["count", "=", 0], "then": ["last", "=", "none"]}, {"count": 0, "last": "none"}, {"count": 0}, "last"),
    ({"if": ["count", ">", 0], "then": ["last", ">=", "period_from"]}, {"count": 0, "last": "none"},
     {"count": 1, "last": "none"}, "last"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "obeys", "breaks", "field"), RULES)
def test_f5_a_row_that_breaks_a_rule_is_refused_by_name(rule, obeys, breaks, field):
    made = schema(rule)
    if obeys is not None:
        check(made, **obeys)
    if breaks is not None:
        assert refusal(check, made, **breaks) == (Reason.ROW_INCONSISTENT, field)


def test_f5_the_message_says_the_rule_and_no_value():
    with pytest.raises(InvalidInputError, match="contradicts itself: first <= end") as refused:
        check(schema(["first", "<=", "end"]), end="2024-07-13")
    assert "2024" not in str(refused.value)
    with pytest.raises(InvalidInputError, match="itself: if count = 0, then last = none"):
        check(schema({"if": ["count", "=", 0], "then": ["last", "=", "none"]}), count=0)


def test_f5_nothing_is_compared_with_what_is_absent():
    check(schema(["first", "<=", "end"]), end=None)
    check(schema({"if": ["end", "<", "2000-01-01"], "then": ["count", "=", 99]}), end=None)


@given(st.integers(0, 24), st.sampled_from(["none", "2024-12", "2025-01", "2026-10"]))
def test_f5_two_rules_make_an_equivalence(count, last):
    made = schema(
        {"if": ["count", "=", 0], "then": ["last", "<", "period_from"]},
        {"if": ["count", ">", 0], "then": ["last", ">=", "period_from"]},
    )
    values = made.parse_values(GOOD | {"count": count, "last": last})
    fits = (count > 0) == (last in {"2025-01", "2026-10"})
    if fits:
        made.require_sense(values, as_of=AS_OF, period=PERIOD)
    else:
        assert refusal(made.require_sense, values, as_of=AS_OF, period=PERIOD) == (Reason.ROW_INCONSISTENT, "last")


@pytest.mark.parametrize(
    "rule",
    [
        "first <= end",
        [],
        ["count", "="],
        ["count", "=", 0, 1],
        ["gone", "=", 0],
        [5, "=", 5],
        [None, "=", None],
        ["kind", "=", "10101"],
        ["count", "==", 0],
        ["count", 5, 0],
        ["count", "=", "first"],
        ["count", "=", "gone"],
        ["count", "=", 2**53],
        ["count", "=", True],
        ["count", "=", "none"],
        ["first", "=", "none"],
        ["last", "<", "none"],
        ["as_of", "=", "none"],
        ["first", "<", 5],
        ["first", "<", "2025-02-30"],
        ["last", "<", "2025-02-01"],
        ["grade", "<", "A"],
        ["grade", "=", "C"],
        ["grade", "=", 1],
        {"if": ["count", "=", 0]},
        {"if": ["count", "=", 0], "then": ["last", "=", "none"], "else": ["count", "=", 1]},
        {"if": {"if": ["count", "=", 0], "then": ["count", "=", 0]}, "then": ["count", "=", 0]},
    ],
)
def test_f5_a_rule_that_says_nothing_makes_no_schema(rule):
    assert refusal(schema, rule)[0] in {
        Reason.SCHEMA_INVALID,
        Reason.TYPE_WRONG,
        Reason.VALUE_MALFORMED,
        Reason.VALUE_OUT_OF_RANGE,
        Reason.FIELD_MISSING,
        Reason.FIELD_UNKNOWN,
    }


@pytest.mark.parametrize("name", ["as_of", "period_from", "period_to", "period_year", "none"])
def test_f5_no_field_takes_the_name_of_a_day_where_there_are_rules(name):
    fields = [{"name": name, "type": "integer", "mode": "plain"}]
    assert schema(fields=fields).fields[0].name == name
    assert refusal(schema, [name, "=", 0], fields=fields) == (Reason.SCHEMA_INVALID, "rules")


def test_f5_there_is_an_end_to_rules():
    assert len(schema(*itertools.repeat(["count", ">", 0], 64)).rules) == 64
    assert refusal(schema, *itertools.repeat(["count", ">", 0], 65)) == (Reason.TOO_LARGE, "rules")


def until(made, issued_at, days, **changes):
    return made.valid_until(made.parse_values(GOOD | changes), issued_at=issued_at, valid_days=days)


def test_f5_an_attestation_is_over_when_its_last_day_ends_in_china():
    # 2026-04-01 ends in China at 16:00 UTC
    end = 1_775_059_200
    assert day_in_china(end - 1) == parse_date("2026-04-01", "x")
    assert day_in_china(end) == parse_date("2026-04-02", "x")
    assert until(schema(valid_to="end"), end - 5, 800) == end
    assert until(schema(valid_to="end"), end + 86_400 * 900, 800) == end
    assert until(schema(valid_to="end"), end - 86_400 * 3, 2) == end - 86_400


@pytest.mark.parametrize(("made", "end"), [(schema(), "2026-04-01"), (schema(valid_to="end"), None)])
def test_f5_without_a_last_day_the_days_of_the_type_count(made, end):
    assert until(made, 1_800_000_000, 10, end=end) == 1_800_864_000


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("gone", {"from": "1970-01-01", "to": "2030-01-01"}),
        ("count", {"from": "1970-01-01", "to": "2030-01-01"}),
        ("end", {"from": "1969-12-31", "to": "2030-01-01"}),
        ("end", None),
    ],
)
def test_f5_the_end_of_validity_is_a_date_of_the_schema(name, bounds):
    fields = [
        {"name": "count", "type": "integer", "mode": "plain", "bounds": {"from": 0, "to": 1}},
        {"name": "end", "type": "date", "mode": "plain"} | ({"bounds": bounds} if bounds else {}),
    ]
    assert refusal(schema, fields=fields, valid_to=name)[0] is Reason.SCHEMA_INVALID


def test_the_good_row_is_one():
    check(schema())
    values = schema().parse_values(GOOD)
    assert values[-1] is Special.ABSENT
    assert format_value(schema().fields[2].type, values[2]) == "2025-04-01"
