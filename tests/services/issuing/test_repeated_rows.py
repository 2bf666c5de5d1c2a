"""F2: rows of one file about one firm and period, however far they stand from one another."""

import sqlite3
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.catalogue.synthetic import credit_code
from api.ingestion.row import Row
from api.services.issuing import repeated_rows as repeated_row
from api.services.issuing.repeated_rows import RepeatedRows
from ledger_node.domain.error import StoreError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.value import Period

FIELDS = [{"name": "count", "type": "integer", "mode": "plain"}, {"name": "kind", "type": "code", "mode": "plain"}]
SCHEMA = Schema.from_json({"name": "facts", "version": 1, "fields": FIELDS[:1]})
BY_KIND = Schema.from_json({"name": "facts", "version": 1, "fields": FIELDS, "per": [{"field": "kind"}]})
YEARS = [Period.parse("2024"), Period.parse("2025")]
CODES = [credit_code(firm, 3) for firm in range(3)]


def rows_of(said):
    return [Row(line, CODES[firm], YEARS[year], 20_000 + day, (value,)) for line, (firm, year, day, value) in said]


def reasons(rows):
    with RepeatedRows(iter(rows), SCHEMA) as repeated:
        return [None if (found := repeated.rejection(row)) is None else found.reason for row in rows]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), max_size=12))
def test_f2_what_comes_of_a_row_is_what_the_file_says(said):
    rows = rows_of(enumerate(said, start=2))
    expected = []
    for row in rows:
        alike = [other for other in rows if (other.credit_code, other.period) == (row.credit_code, row.period)]
        if any((other.as_of, other.values) != (row.as_of, row.values) for other in alike):
            expected.append(Reason.ROW_CONFLICT)
        else:
            expected.append(None if row.line == alike[0].line else Reason.ROW_REPEATED)
    assert reasons(rows) == expected


def test_f2_rows_of_two_kinds_do_not_contradict_each_other():
    rows = [Row(line, CODES[0], YEARS[0], 20_000, (line, kind)) for line, kind in ((2, "vat"), (3, "cit"), (4, "vat"))]
    with RepeatedRows(iter(rows), BY_KIND) as repeated:
        found = [repeated.rejection(row) for row in rows]
    assert [None if one is None else one.reason for one in found] == [Reason.ROW_CONFLICT, None, Reason.ROW_CONFLICT]


def test_f2_a_rejection_names_the_other_lines_and_no_value():
    rows = rows_of([(2, (0, 0, 0, 7)), *[(line, (0, 0, 0, 8)) for line in range(3, 20)], (20, (1, 0, 0, 7))])
    with RepeatedRows(rows, SCHEMA) as repeated:
        first, second = repeated.rejection(rows[0]), repeated.rejection(rows[1])
        assert repeated.rejection(rows[-1]) is None
    assert "in line 3, 4, 5, 6, 7 and others;" in first.message
    assert "in line 2;" in second.message
    assert CODES[0] not in first.message + second.message
    rows = rows_of([(2, (0, 0, 0, 7)), (9, (0, 0, 0, 7))])
    with RepeatedRows(rows, SCHEMA) as repeated:
        assert repeated.rejection(rows[1]).message.startswith("line 2 says the same")


def test_f2_memory_does_not_grow_with_the_file():
    def rows():
        return (Row(line, CODES[line % 3], Period(line, line), line, (line,)) for line in range(30_000))

    tracemalloc.start()
    with RepeatedRows(rows(), SCHEMA) as repeated:
        assert [row.line for row in rows() if repeated.rejection(row)] == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def test_f2_no_room_for_the_digests_is_an_outage_and_no_fault_of_the_file(monkeypatch):
    class Full:
        def execute(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

        def close(self):
            pass

    monkeypatch.setattr(repeated_row.sqlite3, "connect", lambda *_, **__: Full())
    with pytest.raises(StoreError) as refused:
        RepeatedRows([], SCHEMA)
    assert refused.value.reason is Reason.STORE_UNAVAILABLE


def test_f2_a_fault_while_reading_is_told_as_it_is():
    def rows():
        yield from rows_of([(2, (0, 0, 0, 7))])
        raise KeyError("of the reader")

    with pytest.raises(KeyError):
        RepeatedRows(rows(), SCHEMA)
