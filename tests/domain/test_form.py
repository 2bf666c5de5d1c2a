"""Written forms of values, periods, credit codes, bytes and errors."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import ChainError, InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject, from_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import FieldType, Period, Special, add_months, format_value, parse_value

VALUES = {
    FieldType.INTEGER: st.integers(1 - 2**53, 2**53 - 1),
    FieldType.DATE: st.dates().map(str),
    FieldType.MONTH: st.dates().map(lambda day: str(day)[:7]),
    FieldType.CODE: st.text("AZ09-_/", min_size=1),
    FieldType.BOOL: st.booleans(),
    FieldType.ENUM: st.sampled_from("ABC"),
}


def reason_of(call, *args, **kwargs) -> Reason:
    with pytest.raises(InvalidInputError) as refused:
        call(*args, **kwargs)
    return refused.value.reason


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(VALUES)), st.data())
def test_values_survive_their_json_form(kind, data):
    raw = data.draw(VALUES[kind])
    assert format_value(kind, parse_value(kind, raw, "x")) == raw


def test_special_values_have_json_forms():
    assert format_value(FieldType.DATE, Special.ABSENT) is None
    assert format_value(FieldType.DATE, Special.NONE_ON_RECORD) == "none"


@pytest.mark.parametrize(
    "text", ["2025", "2025-03", "2024-02", "2025-01-02:2025-01-02", "1969-12-31:1970-01-01", "9998-12"]
)
def test_periods_survive_their_text_form(text):
    assert str(Period.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "short"),
    [("2025-01-01:2025-12-31", "2025"), ("2024-02-01:2024-02-29", "2024-02"), ("2025-01-01:2025-01-31", "2025-01")],
)
def test_periods_have_one_text_form(text, short):
    assert str(Period.parse(text)) == short
    assert Period.parse(text) == Period.parse(short)


@pytest.mark.parametrize(
    "raw",
    [
        "9999",
        "9999-12",
        "9999-01-01:9999-12-31",
        "9998-12-31:9999-01-01",
        "0000",
        "2025-13",
        "25",
        "2025-06-30:2025-01-01",
        "2025-01-01",
        "2025-01-01:",
        ":",
        "",
        2025,
        None,
    ],
)
def test_a_period_of_any_other_form_is_refused(raw):
    with pytest.raises(InvalidInputError) as refused:
        Period.parse(raw)
    assert refused.value.reason in {Reason.VALUE_MALFORMED, Reason.VALUE_OUT_OF_RANGE}
    assert refused.value.field == ("period" if refused.value.reason is Reason.VALUE_MALFORMED else None)


@settings(deadline=None, max_examples=200)
@given(st.dates(), st.dates())
def test_any_two_dates_make_a_period_that_survives_or_a_refusal(first, last):
    try:
        period = Period.parse(f"{first}:{last}")
    except InvalidInputError:
        assert first > last or last.year == 9999
        return
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("months", [-(12**6), 12**6])
def test_months_stay_within_the_years_that_dates_have(months):
    assert reason_of(add_months, 0, months) is Reason.VALUE_OUT_OF_RANGE


@pytest.mark.parametrize(
    "raw", ["91990000MABYF3008C", " 91990000-MABYF3008C", "91990000mabyf3008c", "９1990000MABYF3008C"]
)
def test_credit_codes_are_put_right(raw):
    assert parse_credit_code(raw) == "91990000MABYF3008C"


@pytest.mark.parametrize("raw", ["91990000MABYF3008D", "91990000MABYF3008", "", "９", 5, None, "ß" * 18])
def test_an_invalid_credit_code_is_refused_and_not_repeated(raw):
    with pytest.raises(InvalidInputError) as refused:
        parse_credit_code(raw)
    assert refused.value.reason is Reason.CREDIT_CODE_INVALID
    assert not raw or str(raw) not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (5, Reason.TYPE_WRONG),
        ("00" * 32, Reason.VALUE_MALFORMED),
        ("0x" + "0" * 63, Reason.VALUE_MALFORMED),
        ("0x" + "AB" * 32, Reason.VALUE_MALFORMED),
        ("0x" + "0" * 31 + "  " + "0" * 31, Reason.VALUE_MALFORMED),
        ("0X" + "00" * 32, Reason.VALUE_MALFORMED),
    ],
)
def test_bytes_have_one_written_form(raw, reason):
    assert reason_of(from_hex, raw, "x") is reason


def test_bytes_of_any_length_are_read_where_asked():
    assert from_hex("0x", "x", length=None) == b""
    assert from_hex("0xab12", "x", length=None) == b"\xab\x12"
    assert reason_of(from_hex, "0xabc", "x", length=None) is Reason.VALUE_MALFORMED


@pytest.mark.parametrize("kind", [InvalidInputError, VerificationError, ChainError])
def test_errors_cross_process_borders_whole(kind):
    error = kind(Reason.OFF_LADDER, "words", field="paid")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(back), back.reason, back.message, back.field, str(back)) == (
        kind,
        Reason.OFF_LADDER,
        "words",
        "paid",
        "words [off_ladder]",
    )


@pytest.mark.parametrize("raw", [[], None, 5, "x"])
def test_a_record_is_an_object(raw):
    assert reason_of(JsonObject, raw, "x") is Reason.TYPE_WRONG


def test_a_member_of_a_wrong_type_or_missing_is_named():
    for call, reason in (
        (lambda record: record.text("t"), Reason.TYPE_WRONG),
        (lambda record: record.items("t"), Reason.TYPE_WRONG),
        (lambda record: record.texts("t"), Reason.TYPE_WRONG),
        (lambda record: record.texts("n"), Reason.TYPE_WRONG),
        (lambda record: record.texts("l"), Reason.TOO_LARGE),
        (lambda record: record.is_null("gone"), Reason.FIELD_MISSING),
        (lambda record: record.flag("z"), Reason.TYPE_WRONG),
        (lambda record: record.take("gone"), Reason.FIELD_MISSING),
        (lambda record: record.items("l", max_items=0), Reason.TOO_LARGE),
    ):
        assert reason_of(call, JsonObject({"t": 5, "n": [5], "z": None, "l": ["x" * 1025]}, "x")) is reason
    assert JsonObject({}, "x").flag("gone", default=True) is True
