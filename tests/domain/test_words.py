"""What people are told to change, word for word: the reason, the field that is to blame, and what would be right.

Only refusals of input are held to their words, since people act on them; what fails a check is held to its reason.
"""

from dataclasses import replace

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, from_hex
from ledger_node.domain.signature import parse_address
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.domain.value import Period, add_months, parse_date, parse_month
from tests.kit.world import DAY, FACTS, NOW, PURPOSES, RAW, SCHEMAS, asked, terms


def said(call) -> str:
    """Reason, field and message of a refusal."""
    with pytest.raises(InvalidInputError) as refused:
        call()
    blamed = "" if refused.value.field is None else f" {refused.value.field}"
    return f"{refused.value.reason}{blamed}: {refused.value.message}"


def value(**changes):
    FACTS.parse_values(RAW | changes)


def monitoring():
    return replace(
        PURPOSES.named("loan_application"),
        max_days=62,
        max_uses_a_month=1,
        max_questions=2,
        topics=("firm_facts.grade", "firm_facts.paid"),
    )


def terms_with(**changes):
    Terms.from_json(terms().to_json() | changes)


JSON_TEXTS = [
    (
        lambda: encode(2**53),
        (
            "value_out_of_range: this has no canonical JSON form: integers must stay within 2^53 and text must "
            "be valid Unicode"
        ),
    ),
    (lambda: decode(b"[1, 2]", max_bytes=5), "too_large: JSON of more than 5 bytes is not read"),
    (lambda: decode(b"\xff"), "json_malformed: JSON must be UTF-8"),
    (lambda: decode(b'{\n"a" 1}'), "json_malformed: not JSON: Expecting ':' delimiter at line 2, column 5"),
    (lambda: decode(b"[" * 33), "json_too_deep: JSON nested deeper than 32 is not read"),
    (lambda: decode(b'"\\ud800"'), "json_malformed: text holds a lone surrogate"),
    (lambda: decode(b'{"a": 1, "a": 1}'), "json_duplicate_key: a key stands twice in one JSON object"),
    (lambda: decode(b"9" * 40), "value_out_of_range: an integer is longer than 39 digits"),
    (
        lambda: decode(b"1.5"),
        "type_wrong: decimal points, exponents, NaN and Infinity are not read; write decimals as texts",
    ),
    (
        lambda: decode(b"NaN"),
        "type_wrong: decimal points, exponents, NaN and Infinity are not read; write decimals as texts",
    ),
]


@pytest.mark.parametrize(("call", "words"), JSON_TEXTS)
def test_json_that_is_refused(call, words):
    assert said(call) == words


MEMBERS = [
    (lambda: JsonObject(5, "terms"), "type_wrong terms: terms must be a JSON object"),
    (lambda: JsonObject({}, "terms").take("n"), "field_missing n: terms lacks 'n'"),
    (lambda: JsonObject({"n": 5}, "terms").text("n"), "type_wrong n: 'n' must be a text"),
    (lambda: JsonObject({"n": "abc"}, "terms").text("n", max_length=2), "too_large n: 'n' is longer than 2 characters"),
    (lambda: JsonObject({"n": "x"}, "terms").integer("n"), "type_wrong n: 'n' must be an integer"),
    (
        lambda: JsonObject({"n": 7}, "terms").integer("n", low=8, high=9),
        "value_out_of_range n: 'n' must lie between 8 and 9",
    ),
    (lambda: JsonObject({"n": "yes"}, "terms").flag("n"), "type_wrong n: 'n' must be true or false"),
    (lambda: JsonObject({"n": "yes"}, "terms").items("n"), "type_wrong n: 'n' must be a list"),
    (lambda: JsonObject({"n": [1, 2]}, "terms").items("n", max_items=1), "too_large n: 'n' has more than 1 items"),
    (lambda: JsonObject({"n": [1]}, "terms").texts("n"), "type_wrong n: 'n' must be a list of texts"),
    (lambda: JsonObject({"n": 1}, "terms").done(), "field_unknown n: terms has an unknown member 'n'"),
    (lambda: JsonObject({"n": 1}, "terms").record("n"), "type_wrong n: n must be a JSON object"),
    (lambda: from_hex(5, "n"), "type_wrong n: 'n' must be 0x and hexadecimal digits"),
    (lambda: from_hex("0xAB", "n", length=1), "value_malformed n: 'n' must be 0x and 2 lower-case hexadecimal digits"),
    (
        lambda: from_hex("0xabc", "n", length=None),
        "value_malformed n: 'n' must be 0x and an even number of lower-case hexadecimal digits",
    ),
    (lambda: parse_address("0x12", "n"), "value_malformed n: 'n' must be an address: 0x and 40 hexadecimal digits"),
]


@pytest.mark.parametrize(("call", "words"), MEMBERS)
def test_a_member_that_is_refused(call, words):
    assert said(call) == words


VALUES = [
    (lambda: value(year="1"), "type_wrong year: 'year' must be an integer"),
    (lambda: value(paid=1), "type_wrong paid: 'paid' must be a decimal text such as \"12.5\""),
    (lambda: value(paid="1.50"), "value_malformed paid: 'paid' must have at most 2 decimals and no needless zeros"),
    (
        lambda: value(year=2**127),
        "value_out_of_range year: 'year' must lie between -9007199254740991 and 9007199254740991",
    ),
    (
        lambda: value(paid="90071992547409.92"),
        "value_out_of_range paid: 'paid' must lie between -90071992547409.91 and 90071992547409.91",
    ),
    (lambda: value(listed=1), "type_wrong listed: 'listed' must be true or false"),
    (lambda: value(rated_on=20260101), "type_wrong rated_on: 'rated_on' must be a date written YYYY-MM-DD"),
    (lambda: value(rated_on="20260101"), "value_malformed rated_on: 'rated_on' must be a date written YYYY-MM-DD"),
    (lambda: value(rated_on="2026-02-30"), "value_malformed rated_on: 'rated_on' must be a date written YYYY-MM-DD"),
    (lambda: value(last_month=202601), "type_wrong last_month: 'last_month' must be a month written YYYY-MM"),
    (lambda: value(note=""), "type_wrong note: 'note' must be a text that is not empty"),
    (lambda: value(note="\ud800"), "value_malformed note: 'note' must be valid Unicode"),
    (lambda: value(note="x" * 1025), "too_large note: 'note' is longer than 1024 bytes"),
    (lambda: value(note="e\u0301"), "value_malformed note: 'note' must be text in Unicode normalisation form NFC"),
    (lambda: value(kind=""), "type_wrong kind: 'kind' must be a text that is not empty"),
    (
        lambda: value(kind="a b"),
        "value_malformed kind: 'kind' must be a code of printable ASCII characters without spaces",
    ),
    (lambda: value(kind=None), "value_missing kind: 'kind' needs a value"),
    (lambda: value(grade="E"), "set_member_unknown grade: 'grade' must be one of A, B, M, C, D"),
    (
        lambda: value(gone=1),
        (
            "field_unknown gone: schema firm_facts has no such field; it has kind, paid, sales, grade, "
            "last_month, count, year, rated_on, listed, note, state"
        ),
    ),
    (lambda: add_months(0, 12**6), "value_out_of_range: months lie within the years 1 to 9999"),
    (lambda: parse_credit_code(5), "credit_code_invalid credit_code: the unified social credit code must be a text"),
    (
        lambda: parse_credit_code("91990000MABYF3008D"),
        (
            "credit_code_invalid credit_code: not a unified social credit code: a check character is wrong "
            "(GB 32100, GB 11714)"
        ),
    ),
    (
        lambda: Period.parse("2025-13-01"),
        "value_malformed period: write a period as 2025, 2025-03 or 2025-01-01:2025-06-30",
    ),
    (
        lambda: PURPOSES.named("curiosity"),
        "purpose_unknown purpose: a purpose is one of loan_application, guarantee",
    ),
    (
        lambda: asked(max_uses=99).require_within_purpose(PURPOSES, []),
        "purpose_ceiling max_uses: purpose loan_application allows at most 3 uses",
    ),
    (
        lambda: asked(expires_at=NOW + 99 * DAY).require_within_purpose(PURPOSES, []),
        "purpose_ceiling expires_at: purpose loan_application allows at most 31 days",
    ),
    (
        lambda: asked(retention_days=99).require_within_purpose(PURPOSES, []),
        "purpose_ceiling retention_days: purpose loan_application allows at most 31 days kept",
    ),
    (
        lambda: monitoring().require_within(seconds=40 * DAY, uses=3, retention_days=0),
        ("purpose_ceiling max_uses: purpose loan_application allows at most 2 uses in that time, 1 a month of 31 days"),
    ),
    (
        lambda: monitoring().require_questions([Claim.parse("firm_facts.count < 1", SCHEMAS)] * 3),
        "purpose_ceiling questions: purpose loan_application allows at most 2 questions, parts counted",
    ),
    (
        lambda: monitoring().require_questions([Claim.parse("firm_facts.count < 1", SCHEMAS)]),
        (
            "purpose_ceiling questions: purpose loan_application allows no question about firm_facts.count, "
            "but about firm_facts.grade, firm_facts.paid"
        ),
    ),
    (lambda: Controllers((), 1, b""), "request_invalid controllers: a subject has 1 to 16 different controllers"),
    (
        lambda: Controllers(each_person([b"1"]), 2, b""),
        "request_invalid threshold: the threshold lies between 1 and the number of persons",
    ),
    (
        lambda: terms_with(questions=[]),
        "request_invalid questions: a consent lists at least one question",
    ),
    (lambda: parse_date(5, "d"), "type_wrong d: 'd' must be a date written YYYY-MM-DD"),
    (lambda: parse_month("2025-1", "d"), "type_wrong d: 'd' must be a month written YYYY-MM"),
    (lambda: parse_month("2025-13", "d"), "value_malformed d: 'd' must be a month written YYYY-MM"),
]


@pytest.mark.parametrize(("call", "words"), VALUES)
def test_a_value_that_is_refused(call, words):
    assert said(call) == words
