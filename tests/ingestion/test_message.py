"""No message repeats a value: messages are stored and logged in the clear, values are not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.catalogue.synthetic import credit_code
from api.ingestion.reader import Format
from api.ingestion.row import Rejection
from ledger_node.domain.error import InvalidInputError
from tests.kit.upload import CELLS, CODE, RECORD, csv_text, read

CANARIES = ("7391846205517", "ZQ7canary9", "金丝雀企业有限公司")
BEFORE = st.sampled_from(["", "-", " ", '"', "¥", "\n"])
AFTER = st.sampled_from(["", ".123", "元", " "])
canary = st.builds("{}{}{}".format, BEFORE, st.sampled_from(CANARIES), AFTER)
anything = canary | st.lists(canary) | st.integers(7 * 10**12)


def said(text, form):
    try:
        items = read(text, form)
    except InvalidInputError as error:
        return f"{error.message} {error.field} {error}"
    return " ".join(f"{item.message} {item.field}" for item in items if isinstance(item, Rejection)) + repr(items)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(list(CELLS)), canary, min_size=1))
def test_no_message_about_a_csv_row_repeats_a_cell(cells):
    words = said(csv_text(cells, {}), Format.CSV)
    assert not [word for word in CANARIES if word in words]
    assert CODE not in words


@settings(deadline=None, max_examples=100)
@given(st.lists(canary, min_size=1, max_size=12))
def test_no_message_about_a_malformed_csv_row_repeats_a_cell(cells):
    words = said(csv_text(cells, cells) + ",".join(cells), Format.CSV)
    assert not [word for word in CANARIES if word in words]


@settings(deadline=None, max_examples=100)
@given(st.lists(canary, min_size=1, max_size=12))
def test_no_message_about_a_file_without_a_heading_repeats_a_cell(cells):
    words = said(csv_text({}, headings=cells), Format.CSV)
    assert not [word for word in CANARIES if word in words]


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["credit_code", "as_of", "period", "values"]),
        canary | st.lists(canary) | st.integers(7 * 10**12),
    ),
    st.dictionaries(st.sampled_from(list(RECORD["values"])), canary | st.just(CANARIES[0]), min_size=1),
    st.booleans(),
)
def test_no_message_about_a_json_record_repeats_a_value(members, values, cut):
    record = {**RECORD, "values": {**RECORD["values"], **values}, **members}
    line = json.dumps(record, ensure_ascii=False)
    words = said(line[:-3] if cut else line, Format.NDJSON)
    assert not [word for word in CANARIES if word in words]
    assert CODE not in words


@pytest.mark.parametrize("form", list(Format))
def test_no_message_about_another_file_repeats_a_credit_code(form):
    code = credit_code(11, 3)
    assert code not in said(f"{code},5,6\n{code},7,8\n", form)


def test_the_test_can_fail():
    # a name that looks like one is repeated, so what is looked through is what people are told
    assert "paid_amuont" in said(json.dumps({**RECORD, "paid_amuont": 1}), Format.NDJSON)
