"""NDJSON exports: one record a line, the same rules as for CSV."""

import json

import pytest

from api.ingestion.line import MAX_LINE
from api.ingestion.reader import Format
from api.ingestion.row import Row
from ledger_node.domain.value import Period, parse_date
from tests.kit.upload import CODE, RECORD, csv_text, ndjson_text, read, seen


def rows(text, **options):
    return read(text, Format.NDJSON, **options)


def values(**changes):
    return {"values": {**RECORD["values"], **changes}}


def test_a_record_says_the_same_as_a_row_of_csv():
    (record,), (row,) = rows(ndjson_text({})), read(csv_text({}))
    assert (record.credit_code, record.period, record.as_of, record.values) == (
        row.credit_code,
        row.period,
        row.as_of,
        row.values,
    )


def test_empty_lines_are_passed_over_and_counted():
    assert [row.line for row in rows(ndjson_text({}, "", {}))] == [1, 3]


def test_the_period_may_be_left_out_where_the_type_has_a_rolling_one():
    record = {"credit_code": CODE, "as_of": "2026-10-31", "values": {"count_24m": 0, "last_month": "none"}}
    record["values"] |= {"last_serious_month": "none", "serious_unrepaired": 0}
    (row,) = rows(json.dumps(record), schema="penalty_summary")
    assert isinstance(row, Row)
    assert row.period == Period(parse_date("2024-11-01", "x"), parse_date("2026-10-31", "x"))


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ("{", None, "json_malformed"),
        ("[]", "row", "type_wrong"),
        ("null", "row", "type_wrong"),
        ('{"a": 1, "a": 1}', None, "json_duplicate_key"),
        ("[" * 40, None, "json_too_deep"),
        ('"' + "\\ud800" + '"', None, "json_malformed"),
        ("{}", "credit_code", "field_missing"),
        ({"credit_code": 5}, "credit_code", "credit_code_invalid"),
        ({"credit_code": CODE[::-1]}, "credit_code", "credit_code_invalid"),
        ({"as_of": "31.01.2026"}, "as_of", "value_malformed"),
        ({"as_of": 20260131}, "as_of", "type_wrong"),
        ({"period": None}, "period", "value_missing"),
        ({"period": "25"}, "period", "value_malformed"),
        ({"period": 2025}, "period", "value_malformed"),
        ({"note": "x"}, "note", "field_unknown"),
        ({"values": []}, "values", "type_wrong"),
        (values(paid_amount=1.5), None, "type_wrong"),
        (values(paid_amount=True), "paid_amount", "type_wrong"),
        (values(paid_amount=123450), "paid_amount", "type_wrong"),
        (values(paid_amount="1.234"), "paid_amount", "value_malformed"),
        (values(paid_amount="12,34"), "paid_amount", "value_malformed"),
        (values(paid_amount=None), "paid_amount", "value_missing"),
        (values(paid_amount="9" * 15), "paid_amount", "value_out_of_range"),
        (values(months_paid_on_time_12m=2**127), "months_paid_on_time_12m", "value_out_of_range"),
        (values(months_paid_on_time_12m="12"), "months_paid_on_time_12m", "type_wrong"),
        (values(paid_amount=10**60), None, "value_out_of_range"),
        (values(paid_on="2025-02-30"), "paid_on", "value_malformed"),
        (values(tax_kind="增值税"), "tax_kind", "value_malformed"),
        (values(other=1), "other", "field_unknown"),
    ],
)
def test_a_bad_record_comes_back_with_line_field_and_reason_and_loses_no_good_one(record, field, reason):
    before, bad, after = rows(ndjson_text({}, record, {}))
    assert seen(bad) == (2, field, reason)
    assert isinstance(before, Row)
    assert isinstance(after, Row)


@pytest.mark.parametrize("size", [4096, 1 << 20])
def test_a_huge_line_is_refused_and_loses_no_good_record(size):
    items = rows(ndjson_text({}, values(tax_kind="x" * (3 * MAX_LINE)), {}), size=size)
    assert [item.line for item in items] == [1, 2, 3]
    assert seen(items[1])[2] == "too_large"
    assert [isinstance(item, Row) for item in items] == [True, False, True]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ({"period": "2025-03"}, "period", "value_malformed"),
        ({"period": "2025-01-01:2025-12-31"}, "period", "value_malformed"),
        ({"period": "2052"}, "period", "value_out_of_bounds"),
        ({"period": "1900"}, "period", "value_out_of_bounds"),
        ({"as_of": "2052-01-01"}, "as_of", "value_out_of_bounds"),
        ({"as_of": "1900-01-01"}, "as_of", "value_out_of_bounds"),
        ({"as_of": "2024-12-31"}, "period", "value_out_of_bounds"),
        (values(paid_amount="-0.01"), "paid_amount", "value_out_of_bounds"),
        (values(paid_amount="90071992547409.92"), "paid_amount", "value_out_of_range"),
        (values(paid_amount="10000000000000.01"), "paid_amount", "value_out_of_bounds"),
        (values(months_paid_on_time_12m=-1), "months_paid_on_time_12m", "value_out_of_bounds"),
        (values(months_paid_on_time_12m=-(10**12)), "months_paid_on_time_12m", "value_out_of_range"),
        (values(months_paid_on_time_12m=25), "months_paid_on_time_12m", "value_out_of_bounds"),
        (values(paid_on="2024-12-31"), "paid_on", "row_inconsistent"),
        (values(paid_amount=""), "paid_amount", "value_missing"),
        (values(tax_kind="1" * 1025), "tax_kind", "too_large"),
        (values(tax_kind="a\u0000b"), "tax_kind", "value_malformed"),
        (values(tax_kind="a b"), "tax_kind", "value_malformed"),
    ],
)
def test_f11_what_a_cell_cannot_say_no_member_can(record, field, reason):
    (bad,) = rows(ndjson_text(record))
    assert seen(bad) == (1, field, reason)


@pytest.mark.parametrize(
    "record",
    [
        {"period": "2025年"},
        {"period": " ２０２５ "},
        {"as_of": "2026年1月31日"},
        {"credit_code": CODE.lower()},
        values(paid_on="20251231", tax_kind=" １０１０１"),
        values(sales_income=""),
        values(paid_amount="￥1,234.5"),
    ],
)
def test_f11_texts_are_read_as_cells_are(record):
    (one,), (row,) = rows(ndjson_text(record)), rows(ndjson_text({}))
    assert one == row


PENALTIES = {"count_24m": 0, "last_month": "none", "last_serious_month": "none", "serious_unrepaired": 0}


def test_f8_a_rolling_period_is_the_one_that_ends_with_the_day_of_the_data():
    record = {"credit_code": CODE, "as_of": "2026-10-31", "values": PENALTIES}
    said = ["2024-11-01:2026-10-31", "2024-11-01:2026-10-30", "2026"]
    items = rows("\n".join(json.dumps({**record, "period": period}) for period in said), schema="penalty_summary")
    assert isinstance(items[0], Row)
    assert [seen(item) for item in items[1:]] == [(2, "period", "row_inconsistent"), (3, "period", "row_inconsistent")]


def test_f8_the_year_of_a_rating_is_its_period():
    given = {"rating_year": 2024, "grade": "A", "rated_on": "2026-04-20", "valid_from": "2026-04-20"}
    record = {
        "credit_code": CODE,
        "as_of": "2026-10-31",
        "period": "2025",
        "values": {**given, "valid_to": "2027-04-20"},
    }
    (bad,) = rows(json.dumps(record), schema="tax_credit_rating")
    assert seen(bad) == (1, "rating_year", "row_inconsistent")
