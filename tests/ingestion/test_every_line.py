"""Every line of an upload comes to one outcome, however damaged; and CSV and NDJSON take the same rows."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.ingestion.reader import Format, read_lines
from api.ingestion.row import NoRow, Rejection, Row
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.value import format_date
from tests.kit.upload import CELLS, CODE, TAX, TODAY, csv_text

HEADING, LINE = csv_text({}).splitlines()
ENDS = ("\n", "\r", "\r\n")
damage = st.sampled_from(['"', '""', ",", "\r", "\n", "\r\n", "\u2028", "\x00", "\x0b", "\ufeff", "'", "\\", "税", " "])


def lines_of(text):
    """Count lines by another way than the product's: an end is CRLF, CR or LF."""
    count, at = 0, 0
    while at < len(text):
        ends = [place for place in (text.find("\r", at), text.find("\n", at)) if place >= 0]
        if not ends:
            return count + 1
        at = min(ends) + (2 if text.startswith("\r\n", min(ends)) else 1)
        count += 1
    return count


def items_of(data, form, size=1 << 20, schema=TAX):
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return list(read_lines(data_types()[schema], form, lambda: parts, today=TODAY))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from([LINE, LINE.replace("10101", "10102"), "", ",,,,,,,"]), st.sampled_from(ENDS))),
    st.lists(st.tuples(st.integers(0, 2000), damage), max_size=6),
    st.sampled_from([1, 5, 64, 1 << 20]),
    st.booleans(),
)
def test_f7_of_damaged_files_every_line_is_accounted_for(lines, damages, size, ends):
    body = "".join(line + end for line, end in lines) if ends else "".join(line + end for line, end in lines).rstrip()
    for place, inserted in damages:
        at = place % (len(body) + 1)
        body = body[:at] + inserted + body[at:]
    text = HEADING + "\n" + body
    items = items_of(text.encode(), Format.CSV, size)
    assert [item.line for item in items] == list(range(1, lines_of(text) + 1))
    assert [item.line for item in items if isinstance(item, NoRow) and item.is_heading] == [1]
    # what nobody touched is read
    plain = [number for number, line in enumerate(text.splitlines(), 1) if line == LINE and not damages]
    assert {item.line for item in items if isinstance(item, Row)} >= set(plain)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(["{}", "", " ", '"', "[1", "x"]), max_size=8), st.sampled_from(ENDS), st.integers(1, 9))
def test_f7_of_damaged_ndjson_every_line_is_accounted_for(lines, end, size):
    text = end.join(lines)
    items = items_of(text.encode(), Format.NDJSON, size)
    assert [item.line for item in items] == list(range(1, lines_of(text) + 1))
    assert not [item for item in items if isinstance(item, Row)]


def test_f7_a_quote_swallows_nothing_in_a_file_of_3000_rows():
    lines = [HEADING, *[LINE] * 3000]
    lines[1536] = lines[1536].replace("10101", '"10101')
    items = items_of("\n".join(lines).encode(), Format.CSV)
    assert len(items) == 3001
    assert [item.line for item in items if isinstance(item, Rejection)] == [1537]


codes = st.sampled_from([CODE, CODE.lower(), credit_code(9, 2), "0" * 18, CODE[:-1], "", "113301198602093732"])
days = st.dates().map(str) | st.sampled_from(["2026-01-31", "2025-12-31", "2052-01-01", "1900-01-01", "2025-02-30", ""])
years = st.sampled_from(["2025", "2024", "2026", "1900", "2052", "2125", "25", "2025-03", ""])
amounts = st.none() | st.integers(-(10**18), 10**18) | st.integers(0, 10**7)
counts = st.none() | st.integers(0, 30) | st.sampled_from([10**12, 2**53])
kinds = st.sampled_from(
    ["10101", "a b", "增值税", "", "１０１０１", "x\x00y", "e\u0301", "x" * 1024, "x" * 1025, " 1 "]
)


def cell(fen):
    return "" if fen is None else f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(codes, years, kinds, amounts, days, amounts, counts, days), min_size=1, max_size=5))
def test_f11_a_csv_and_its_ndjson_twin_have_the_same_outcomes(rows):
    cells, records = [], []
    for code, year, kind, paid, paid_on, sales, months, as_of in rows:
        count = "" if months is None else str(months)
        cells.append(dict(zip(CELLS, (code, year, kind, cell(paid), paid_on, cell(sales), count, as_of), strict=True)))
        values = {"tax_kind": kind, "paid_amount": cell(paid), "paid_on": paid_on}
        values["sales_income"] = cell(sales)
        values["months_paid_on_time_12m"] = months
        record = {"credit_code": code, "period": year, "as_of": as_of, "values": values}
        records.append(json.dumps(record, ensure_ascii=False))
    of_csv = items_of(csv_text(*cells).encode(), Format.CSV)[1:]
    of_json = items_of("\n".join(records).encode(), Format.NDJSON)
    assert [outcome(item) for item in of_csv if item.line > 1] == [outcome(item) for item in of_json]


def outcome(item):
    if not isinstance(item, Row):
        return type(item).__name__
    return item.credit_code, str(item.period), format_date(item.as_of), item.values


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.sampled_from(list(Format)))
def test_f6_no_bytes_are_a_fault(data, form):
    whole = HEADING.encode() + b"\n" + data if form is Format.CSV else data
    try:
        items = items_of(whole, form)
    except InvalidInputError as error:
        reason = error.reason
    else:
        reason = None
        assert [item.line for item in items] == list(range(1, len(items) + 1))
    assert reason in {None, "encoding_wrong"}
