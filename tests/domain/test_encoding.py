"""Cases T13 to T16: strict JSON, strict values, bounded sizes."""

import json

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import MAX_DEPTH, decode, encode
from ledger_node.domain.commitment import proof_from_json
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.value import FieldType, Special, encode_value, is_of_type
from tests.kit.field import ladder_of
from tests.kit.world import FACTS, FACTS_SPEC, RAW, SCHEMAS

LETTERS = 'a"\\\x01é\ue000\ufb33\U0001f600\U0010ffff'


def reason_of(call, *args, **kwargs) -> Reason:
    with pytest.raises(InvalidInputError) as refused:
        call(*args, **kwargs)
    return refused.value.reason


@pytest.mark.parametrize(
    ("field", "raw", "reason"),
    [
        ("paid", 1.0, Reason.TYPE_WRONG),
        ("paid", 1_286_400, Reason.TYPE_WRONG),
        ("paid", "12,864", Reason.VALUE_MALFORMED),
        ("paid", "12864.00", Reason.VALUE_MALFORMED),
        ("paid", "12864.001", Reason.VALUE_MALFORMED),
        ("paid", "012864", Reason.VALUE_MALFORMED),
        ("paid", "+12864", Reason.VALUE_MALFORMED),
        ("paid", "-0", Reason.VALUE_MALFORMED),
        ("paid", "1e4", Reason.VALUE_MALFORMED),
        ("paid", "１", Reason.VALUE_MALFORMED),
        ("paid", "12864\n", Reason.VALUE_MALFORMED),
        ("paid", "", Reason.VALUE_MALFORMED),
        ("paid", "90071992547409.92", Reason.VALUE_OUT_OF_RANGE),
        ("paid", "-90071992547409.92", Reason.VALUE_OUT_OF_RANGE),
        ("paid", "9" * 39, Reason.VALUE_OUT_OF_RANGE),
        ("year", 1.0, Reason.TYPE_WRONG),
        ("year", "2025", Reason.TYPE_WRONG),
        ("year", 2**53, Reason.VALUE_OUT_OF_RANGE),
        ("year", -(2**53), Reason.VALUE_OUT_OF_RANGE),
        ("year", 2**127, Reason.VALUE_OUT_OF_RANGE),
        ("rated_on", "20260420", Reason.VALUE_MALFORMED),
        ("rated_on", "2026-4-20", Reason.VALUE_MALFORMED),
        ("rated_on", "2026-02-30", Reason.VALUE_MALFORMED),
        ("rated_on", "2026-W17-1", Reason.VALUE_MALFORMED),
        ("rated_on", "２０２６-04-20", Reason.VALUE_MALFORMED),
        ("rated_on", 20260420, Reason.TYPE_WRONG),
        ("last_month", "2026-13", Reason.VALUE_MALFORMED),
        ("last_month", "2026-4", Reason.TYPE_WRONG),
        ("last_month", "2026-04-01", Reason.TYPE_WRONG),
        ("note", "e\u0301", Reason.VALUE_MALFORMED),
        ("note", "\ud800", Reason.VALUE_MALFORMED),
        ("note", "a\x00b", Reason.VALUE_MALFORMED),
        ("note", "a\nb", Reason.VALUE_MALFORMED),
        ("note", "a\x85b", Reason.VALUE_MALFORMED),
        ("kind", "é", Reason.VALUE_MALFORMED),
        ("kind", "a b", Reason.VALUE_MALFORMED),
        ("kind", "a\n", Reason.VALUE_MALFORMED),
        ("grade", "E", Reason.SET_MEMBER_UNKNOWN),
        ("grade", "a", Reason.SET_MEMBER_UNKNOWN),
    ],
)
def test_t13_what_is_not_canonical_is_refused(field, raw, reason):
    assert reason_of(FACTS.parse_values, RAW | {field: raw}) is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("firm_facts.paid >= 10000", Reason.UNIT_MISSING),
        ("firm_facts.paid >= 1000000 fen", Reason.UNIT_UNKNOWN),
        ("firm_facts.paid >= 10000 USD", Reason.CURRENCY_DIFFERS),
        ("firm_facts.count >= 1 months", Reason.UNIT_UNKNOWN),
        ("firm_facts.paid >= 10000.001 CNY", Reason.VALUE_MALFORMED),
        ("firm_facts.paid >= 1e4 CNY", Reason.VALUE_MALFORMED),
        ("firm_facts.paid >= 10,000 CNY", Reason.VALUE_MALFORMED),
    ],
)
def test_t13_yuan_are_never_taken_for_fen(text, reason):
    assert reason_of(Question.parse, text, SCHEMAS) is reason


@pytest.mark.parametrize("raw", ["1.0", "1e3", "NaN", "Infinity", "-Infinity", "1E400", '{"a": 0.5}'])
def test_t13_floats_are_refused_wherever_they_stand(raw):
    assert reason_of(decode, raw.encode()) is Reason.TYPE_WRONG


@pytest.mark.parametrize("raw", [True, False, "0", [], {}])
@pytest.mark.parametrize("field", ["year", "count"])
def test_t14_only_an_integer_is_an_integer(field, raw):
    assert reason_of(FACTS.parse_values, RAW | {field: raw}) is Reason.TYPE_WRONG


@pytest.mark.parametrize("field", ["paid", "year", "kind", "grade", "listed"])
def test_t14_null_stands_for_absent_and_only_optional_fields_may_be(field):
    assert reason_of(FACTS.parse_values, RAW | {field: None}) is Reason.VALUE_MISSING
    assert FACTS.parse_values(RAW | {"note": None})[9] is Special.ABSENT


@pytest.mark.parametrize("raw", [0, 1, "true", "false"])
def test_t14_only_true_and_false_are_booleans(raw):
    assert reason_of(FACTS.parse_values, RAW | {"listed": raw}) is Reason.TYPE_WRONG


@pytest.mark.parametrize("raw", [None, True, "1", 1.5, []])
def test_t14_json_members_are_as_strict(raw):
    assert reason_of(JsonObject({"n": raw}, "x").integer, "n") is Reason.TYPE_WRONG


@pytest.mark.parametrize("field", ["paid", "count", "rated_on"])
def test_t14_none_on_record_is_only_for_fields_that_allow_it(field):
    with pytest.raises(InvalidInputError):
        FACTS.parse_values(RAW | {field: "none"})


@pytest.mark.parametrize("raw", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "a": 3}}]', '{"a": 1, "\\u0061": 2}'])
def test_t15_duplicate_keys_are_refused(raw):
    assert reason_of(decode, raw.encode()) is Reason.JSON_DUPLICATE_KEY


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "integers", "from": 1, "to": 65_536},
        {"kind": "integers", "from": 1 - 2**53, "to": 2**53 - 1},
        {"kind": "integers", "from": 1, "to": 65_535, "also": [0]},
        {"kind": "months", "from": "0001-01", "to": "9998-12"},
        {"kind": "days", "from": "1900-01-01", "to": "2079-06-06"},
        {"kind": "integers", "from": 1, "to": 9, "step": 0},
        {"kind": "integers", "from": 1, "to": 9, "step": -1},
        {"kind": "integers", "from": 1, "to": 9, "also": []},
        {"kind": "integers", "from": 1, "to": 9, "also": [9]},
        {"kind": "integers", "from": 1, "to": 9, "also": [11, 11]},
        {"kind": "integers", "from": 1, "to": 9, "also": [12, 11]},
        {"kind": "integers", "from": 2, "to": 1},
        {"kind": "one_digit", "from": 0, "to": 10},
        {"kind": "one_digit", "from": -5, "to": 10},
        {"kind": "two_digits", "from": 1, "to": 9},
        {"kind": "free", "from": 1, "to": 9},
    ],
)
def test_t16_a_ladder_too_long_or_senseless_is_refused(spec):
    assert reason_of(ladder_of, spec) is Reason.SCHEMA_INVALID


def test_t16_the_largest_ladders_are_built():
    assert len(ladder_of({"kind": "integers", "from": 1, "to": 65_535})) == 65_535
    assert len(ladder_of({"kind": "two_digits", "from": 1, "to": 2**53 - 1})) == 90 * 14 + 81
    assert len(ladder_of({"kind": "months", "from": "0001-01", "to": "5461-03"})) == 65_523
    assert len(ladder_of({"kind": "days", "from": "1900-01-01", "to": "2079-06-05"})) == 65_535


def test_t16_the_ends_beyond_every_day_count_as_points():
    spec = {"kind": "days", "from": "1900-01-01", "to": "2079-06-03"}
    assert len(ladder_of(spec, none_on_record=True, no_end=True)) == 65_535
    longer = spec | {"to": "2079-06-05"}
    assert reason_of(lambda: ladder_of(longer, none_on_record=True)) is Reason.SCHEMA_INVALID
    assert reason_of(lambda: ladder_of(longer, no_end=True)) is Reason.SCHEMA_INVALID


def test_t16_the_ladders_of_a_schema_are_bounded_together():
    def schema(*sizes):
        ladders = [{"kind": "integers", "from": 1, "to": size} for size in sizes]
        fields = [
            {"name": f"f{n}", "type": "integer", "mode": "ladder", "ladder": ladder} for n, ladder in enumerate(ladders)
        ]
        return Schema.from_json({"name": "s", "version": 1, "fields": fields})

    assert schema(65_535, 65_535, 2)
    assert reason_of(lambda: schema(65_535, 65_535, 3)) is Reason.SCHEMA_INVALID


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fields": [{"name": f"f{n}", "type": "text", "mode": "plain"} for n in range(257)]}, Reason.TOO_LARGE),
        ({"fields": []}, Reason.SCHEMA_INVALID),
        ({"fields": [FACTS_SPEC["fields"][0]] * 2}, Reason.SCHEMA_INVALID),
        ({"name": "Firm"}, Reason.SCHEMA_INVALID),
        ({"name": "x" * 2000}, Reason.TOO_LARGE),
        ({"version": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"more": 1}, Reason.FIELD_UNKNOWN),
    ],
)
def test_t16_schemas_are_bounded(changes, reason):
    assert reason_of(Schema.from_json, FACTS_SPEC | changes) is reason


LADDER = {"ladder": {"kind": "integers", "from": 1, "to": 2}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "float"}, Reason.SCHEMA_INVALID),
        ({"mode": "open"}, Reason.SCHEMA_INVALID),
        ({"mode": "enum", "members": ["A", "B"]}, Reason.SCHEMA_INVALID),
        ({"type": "enum"}, Reason.SCHEMA_INVALID),
        ({"type": "text", "mode": "ladder"} | LADDER, Reason.SCHEMA_INVALID),
        ({"type": "integer", "mode": "ladder", "none_on_record": True} | LADDER, Reason.SCHEMA_INVALID),
        ({"none_on_record": True}, Reason.SCHEMA_INVALID),
        ({"type": "enum", "mode": "enum", "members": ["A"]}, Reason.SCHEMA_INVALID),
        ({"type": "enum", "mode": "enum", "members": ["A", "A"]}, Reason.SCHEMA_INVALID),
        ({"type": "enum", "mode": "enum", "members": ["A", "B, C"]}, Reason.SCHEMA_INVALID),
        ({"type": "enum", "mode": "enum", "members": [f"m{n}" for n in range(257)]}, Reason.TOO_LARGE),
        ({"unit": "months"}, Reason.FIELD_UNKNOWN),
        ({"type": "integer", "unit": 5}, Reason.TYPE_WRONG),
        ({"type": "integer", "unit": "fen"}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "unit": "CNY"}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "unit": "per cent"}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "currency": "cny"}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "currency": "CNY", "unit": "months"}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "scale": 10}, Reason.VALUE_OUT_OF_RANGE),
        ({"type": "integer", "scale": -1}, Reason.VALUE_OUT_OF_RANGE),
        ({"type": "integer", "scale": "2"}, Reason.TYPE_WRONG),
        ({"type": "integer", "resolution": 0}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "resolution": "10"}, Reason.TYPE_WRONG),
        ({"type": "integer", "scale": 2, "resolution": 10}, Reason.TYPE_WRONG),
        ({"type": "date", "scale": 1}, Reason.FIELD_UNKNOWN),
        ({"type": "date", "no_end": True}, Reason.SCHEMA_INVALID),
        ({"type": "integer", "mode": "ladder", "no_end": True} | LADDER, Reason.SCHEMA_INVALID),
        ({"type": "codes"}, Reason.SCHEMA_INVALID),
        ({"type": "codes", "mode": "enum"}, Reason.FIELD_MISSING),
        ({"type": "codes", "mode": "enum", "members": ["A"]}, Reason.SCHEMA_INVALID),
        ({"optional": "yes"}, Reason.TYPE_WRONG),
        ({"mode": "ladder", "type": "integer"}, Reason.FIELD_MISSING),
    ],
)
def test_fields_that_make_no_sense_are_refused(changes, reason):
    field = {"name": "x", "type": "text", "mode": "plain"} | changes
    assert reason_of(Schema.from_json, {"name": "s", "version": 1, "fields": [field]}) is reason


def test_t16_a_text_beyond_its_bytes_is_refused():
    assert FACTS.parse_values(RAW | {"note": "字" * 341})
    assert reason_of(FACTS.parse_values, RAW | {"note": "字" * 342}) is Reason.TOO_LARGE


def test_t16_a_question_of_many_spaces_is_refused_in_linear_time():
    text = "firm_facts.paid >= " + " " * 4000 + "\x01"
    assert reason_of(Question.parse, text, SCHEMAS) is Reason.QUESTION_MALFORMED
    assert reason_of(Question.parse, "x" * 5000, SCHEMAS) is Reason.QUESTION_MALFORMED


def test_t16_a_path_of_a_thousand_siblings_is_refused():
    form = {"opening": {"kind": "absent"}, "salt": "0x" + "00" * 32, "path": ["0x" + "00" * 32] * 1000}
    with pytest.raises(VerificationError) as refused:
        proof_from_json(form, FACTS.fields[0])
    assert refused.value.reason is Reason.OPENING_MALFORMED


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), Reason.JSON_TOO_DEEP),
        (b"[" * 100_000, Reason.JSON_TOO_DEEP),
        (b'{"a":' * 10_000, Reason.JSON_TOO_DEEP),
        (b"[[" + b"[]," * 5 + b"[" * (MAX_DEPTH - 1), Reason.JSON_TOO_DEEP),
        (b" " * (4 * 1024 * 1024 + 1), Reason.TOO_LARGE),
        (b"9" * 5000, Reason.VALUE_OUT_OF_RANGE),
        (b"9" * 40, Reason.VALUE_OUT_OF_RANGE),
        (b"-" + b"9" * 40, Reason.VALUE_OUT_OF_RANGE),
        (b"\xff", Reason.JSON_MALFORMED),
        (b"\xef\xbb\xbf{}", Reason.JSON_MALFORMED),
        (b"", Reason.JSON_MALFORMED),
        (b"{} {}", Reason.JSON_MALFORMED),
        (b"'a'", Reason.JSON_MALFORMED),
        (b'"\\ud800"', Reason.JSON_MALFORMED),
        (b'{"\\uDC00": [1]}', Reason.JSON_MALFORMED),
        (b'[{"a": "\\udfff"}, null]', Reason.JSON_MALFORMED),
        (b'"\x00"', Reason.JSON_MALFORMED),
    ],
)
def test_t16_json_that_is_no_strict_json_is_refused(raw, reason):
    assert reason_of(decode, raw) is reason


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(FieldType.INTEGER, -(2**127), 2**127 - 1), (FieldType.DATE, -(2**31), 2**31 - 1)],
)
def test_t13_a_value_is_of_its_type_up_to_the_edges_of_its_bytes(kind, low, high):
    assert is_of_type(kind, low)
    assert is_of_type(kind, high)
    assert not is_of_type(kind, low - 1)
    assert not is_of_type(kind, high + 1)
    assert len(encode_value(kind, low)) == len(encode_value(kind, high))


def test_versions_of_a_schema_end_at_31_bits_and_a_set_has_two_members_or_more():
    assert Schema.from_json(FACTS_SPEC | {"version": 2**31}).version == 2**31
    assert reason_of(Schema.from_json, FACTS_SPEC | {"version": 2**31 + 1}) is Reason.VALUE_OUT_OF_RANGE
    pair = {"name": "g", "type": "enum", "mode": "enum", "members": ["A", "B"]}
    assert Schema.from_json({"name": "s", "version": 1, "fields": [pair]}).field("g").members == ("A", "B")


def test_integers_of_16_bytes_are_read():
    assert decode(b"%d" % 2**127) == 2**127
    assert decode(b"-" + b"9" * 39) == -(10**39) + 1


def test_brackets_in_texts_are_not_depth():
    assert decode(b'"' + b'\\"[' * 1000 + b'"') == '"[' * 1000
    assert decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    assert decode(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert decode(b'["\\ud83d\\ude00", {"k": 1}, true]') == ["\U0001f600", {"k": 1}, True]


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=60)
    | st.text('[]{}",:\\ud8 0123456789eE+-.truefalsnN\x00é', max_size=60).map(lambda text: text.encode())
)
@example(b'{"a":1e999}')
@example(b"-")
@example(b'"\\u')
def test_whatever_is_decoded_only_invalid_input_is_raised_and_the_rest_is_canonical(raw):
    try:
        value = decode(raw)
    except InvalidInputError:
        return
    try:
        canonical = encode(value)
    except InvalidInputError as refused:
        assert refused.reason is Reason.VALUE_OUT_OF_RANGE  # noqa: PT017 - either is right, for other inputs
        return
    assert decode(canonical) == value
    assert encode(decode(canonical)) == canonical


@pytest.mark.parametrize("value", [2**53, -(2**60), "\ud800", {"\udc00": 1}])
def test_what_has_no_canonical_form_is_refused(value):
    assert reason_of(encode, value) is Reason.VALUE_OUT_OF_RANGE


def test_a_file_too_long_for_its_caller_is_refused():
    assert reason_of(decode, b"[1, 2]", max_bytes=5) is Reason.TOO_LARGE
    assert decode(b"[1, 2]", max_bytes=6) == [1, 2]


def test_schemas_name_the_fields_there_are():
    assert reason_of(FACTS.field, "gone") is Reason.FIELD_UNKNOWN
    assert reason_of(FACTS.parse_values, {"gone": 1}) is Reason.FIELD_UNKNOWN
    assert json.loads(encode(FACTS.spec)) == FACTS_SPEC


@pytest.mark.timeout(30)
@pytest.mark.parametrize("end", ["", "\\", "\\\n", "\n", '\\"'])
def test_a_string_of_quotes_that_never_ends_is_refused_at_once(end):
    """Reading it from each of its quotes anew would take hours."""
    with pytest.raises(InvalidInputError) as refused:
        decode(('"' + '\\"' * 500_000 + end).encode())
    assert refused.value.reason == Reason.JSON_MALFORMED


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(LETTERS, max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(LETTERS, max_size=3), inner, max_size=6),
    )
)
def test_keys_beyond_the_first_plane_stand_in_the_order_of_rfc_8785(value):
    assert encode(value) == rfc8785.dumps(value)
    assert encode({"\U0001f600": value, "\ufb33": 1}) == rfc8785.dumps({"\U0001f600": value, "\ufb33": 1})


@pytest.mark.parametrize("kind", FieldType)
def test_t13_no_value_is_of_a_type_of_another_kind(kind):
    of = {
        FieldType.BOOL: True,
        FieldType.TEXT: "a",
        FieldType.CODE: "a",
        FieldType.ENUM: "a",
        FieldType.INTEGER: 1,
        FieldType.DATE: 1,
        FieldType.MONTH: 1,
        FieldType.CODES: ("a",),
    }
    for value in (True, "a", 1, ("a",), b"a", None, Special.ABSENT, Special.NONE_ON_RECORD, Special.NO_END):
        assert is_of_type(kind, value) == (type(value) is type(of[kind]))
