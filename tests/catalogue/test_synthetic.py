"""Synthetic exports: repeatable, valid where they should be, and dirty exactly where they say."""

import csv
import re
import tracemalloc
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from stdnum.cn import uscc

from api.catalogue.datatype import DEPARTMENT_TYPES, CellFormat, data_type_named
from api.catalogue.synthetic import credit_code, write_export
from api.ingestion.reader import Format, read_rows
from api.ingestion.row import Rejection, Row
from ledger_node.domain.credit_code import organisation_check, parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Special, parse_date

SEED = 20261031
ROWS = 600
TODAY = parse_date("2026-11-01", "today")

_DATE = re.compile(r"(?P<y>\d{4})(?:-(?P<m>\d\d)-(?P<d>\d\d)|/\d\d/\d\d|\d{4}|年\d{1,2}月\d{1,2}日)\Z", re.ASCII)
_YUAN = re.compile(r"¥?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?\Z", re.ASCII)
_MONTH = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])|年(?:[1-9]|1[0-2])月)\Z|无\Z", re.ASCII)


def read(path: Path, encoding: str = "utf-8-sig") -> tuple[list[str], list[list[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def is_date(cell: str) -> bool:
    return _DATE.match(cell) is not None and not re.search("0?2(-|/|月)?30", cell[4:])


def is_clean(schema: str, header: list[str], row: list[str]) -> bool:
    """Judge a row by the rules of ingestion, written out here a second time and naively."""
    if len(row) != len(header):
        return False
    data_type = data_type_named(schema)
    cells = dict(zip(header, (unicodedata.normalize("NFKC", cell).strip() for cell in row), strict=True))
    cells = {unicodedata.normalize("NFKC", heading): cell for heading, cell in cells.items()}
    valid = uscc.is_valid(cells[data_type.subject[0]]) and is_date(cells[data_type.as_of[0]])
    for heading in data_type.period.headings[:1]:
        valid = valid and re.fullmatch(r"(19|20)\d\d", cells[heading]) is not None
    for column in data_type.columns:
        cell = cells[unicodedata.normalize("NFKC", column.headings[0])]
        field = data_type.schema.field(column.field)
        if not cell:
            valid = valid and field.optional
            continue
        match column.format:
            case CellFormat.CODE:
                valid = valid and cell.isascii()
            case CellFormat.AMOUNT:
                valid = valid and _YUAN.match(cell) is not None
            case CellFormat.INTEGER:
                valid = valid and re.fullmatch("[0-9]+", cell) is not None
            case CellFormat.DATE:
                valid = valid and is_date(cell)
            case CellFormat.MONTH:
                valid = valid and _MONTH.match(cell) is not None
            case CellFormat.MEMBER:
                valid = valid and cell in field.members
    return valid


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
def test_the_same_arguments_write_the_same_bytes(tmp_path, schema):
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    write_export(first, schema, 50, seed=SEED, bad_rows=5)
    write_export(second, schema, 50, seed=SEED, bad_rows=5)
    write_export(other, schema, 50, seed=SEED + 1, bad_rows=5)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
def test_more_rows_leave_the_facts_of_the_first_firms_as_they_are(tmp_path, schema):
    write_export(tmp_path / "short", schema, 20, seed=SEED)
    write_export(tmp_path / "long", schema, 40, seed=SEED)
    assert read(tmp_path / "long")[1][:20] == read(tmp_path / "short")[1]


def test_credit_codes_are_valid_different_and_of_no_real_region():
    codes = [credit_code(firm, SEED) for firm in range(5000)]
    assert all(uscc.is_valid(code) for code in codes)
    assert len(set(codes)) == len(codes)
    assert all(code[2:8] == "990000" for code in codes)


def test_a_credit_code_depends_on_the_seed():
    assert credit_code(1, 1) != credit_code(1, 2)


def test_the_organisation_part_carries_the_check_character_of_gb_11714():
    # 91110000600037341L is published with its organisation code 60003734-1
    assert organisation_check("60003734") == "1"


def test_f9_invented_codes_are_codes():
    for firm in range(5000):
        code = credit_code(firm, SEED)
        assert parse_credit_code(code) == code


@pytest.mark.parametrize("firm", [-1, 31**6])
def test_a_number_that_is_no_firms_is_refused(firm):
    with pytest.raises(InvalidInputError) as refused:
        credit_code(firm, SEED)
    assert refused.value.reason is Reason.VALUE_OUT_OF_RANGE


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
@pytest.mark.parametrize("bad_rows", [0, 1, 37, ROWS - 1])
def test_exactly_the_promised_rows_are_dirty_and_never_firm_0(tmp_path, schema, bad_rows):
    path = tmp_path / "export.csv"
    write_export(path, schema, ROWS, seed=SEED, bad_rows=bad_rows)
    header, rows = read(path)
    clean = [is_clean(schema, header, row) for row in rows]
    assert len(rows) == ROWS
    assert clean.count(False) == bad_rows
    assert clean[0]


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
def test_headings_are_the_departments_own(tmp_path, schema):
    write_export(tmp_path / "export.csv", schema, 1, seed=SEED)
    header, _ = read(tmp_path / "export.csv")
    data_type = data_type_named(schema)
    known = {data_type.subject[0], data_type.as_of[0], *data_type.period.headings[:1], *data_type.ignored}
    assert set(header) == known | {column.headings[0] for column in data_type.columns}
    assert len(set(header)) == len(header)


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
def test_firm_number_i_has_one_code_in_all_types_and_an_invented_name(tmp_path, schema):
    write_export(tmp_path / "export.csv", schema, 30, seed=SEED)
    header, rows = read(tmp_path / "export.csv")
    code = header.index("统一社会信用代码")
    assert [row[code] for row in rows] == [credit_code(firm, SEED) for firm in range(30)]
    assert all(row[1].startswith("虚构") for row in rows)


@pytest.mark.parametrize(
    ("schema", "facts"),
    [
        (
            "tax_payment",
            {
                "所属年度": "2025",
                "实缴税额（元）": "1,286,400.50",
                "销售收入（元）": "18,600,000.00",
                "近12个月按期缴纳月数": "12",
            },
        ),
        ("tax_credit_rating", {"评价年度": "2025", "信用级别": "B"}),
        (
            "penalty_summary",
            {
                "近24个月处罚次数": "0",
                "最近处罚月份": "无",
                "最近严重违法处罚月份": "无",
                "未修复严重处罚数": "0",
            },
        ),
    ],
)
@pytest.mark.parametrize("seed", [0, SEED])
def test_firm_0_is_the_demo_firm_whatever_the_seed(tmp_path, schema, facts, seed):
    write_export(tmp_path / "export.csv", schema, 3, seed=seed, bad_rows=2)
    header, rows = read(tmp_path / "export.csv")
    assert facts.items() <= dict(zip(header, rows[0], strict=True)).items()


def test_grades_are_distributed_as_published(tmp_path):
    write_export(tmp_path / "export.csv", "tax_credit_rating", 4000, seed=SEED)
    header, rows = read(tmp_path / "export.csv")
    shares = Counter(row[header.index("信用级别")] for row in rows)
    expected = {"A": 12, "B": 45, "M": 25, "C": 12, "D": 6}
    assert {grade: round(100 * shares[grade] / 4000) for grade in expected} == pytest.approx(expected, abs=3)


def test_the_older_encoding_of_departments_can_be_written(tmp_path):
    write_export(tmp_path / "export.csv", "tax_payment", 200, seed=SEED, encoding="gb18030")
    header, rows = read(tmp_path / "export.csv", "gb18030")
    assert header[:3] == ["序号", "纳税人名称", "统一社会信用代码"]
    assert len(rows) == 200


def test_memory_does_not_grow_with_the_rows(tmp_path):
    write_export(tmp_path / "warm", "tax_payment", 10, seed=SEED)
    tracemalloc.start()
    try:
        write_export(tmp_path / "export.csv", "tax_payment", 5000, seed=SEED)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000 < (tmp_path / "export.csv").stat().st_size


@pytest.mark.parametrize(
    ("schema", "rows", "bad_rows", "as_of", "reason"),
    [
        ("no_such", 1, 0, "2026-10-31", Reason.SCHEMA_UNKNOWN),
        ("subject_registration", 1, 0, "2026-10-31", Reason.SCHEMA_UNKNOWN),
        ("tax_payment", 0, 0, "2026-10-31", Reason.VALUE_OUT_OF_RANGE),
        ("tax_payment", 5, 5, "2026-10-31", Reason.VALUE_OUT_OF_RANGE),
        ("tax_payment", 5, -1, "2026-10-31", Reason.VALUE_OUT_OF_RANGE),
        ("tax_payment", 5, 1, "31.10.2026", Reason.VALUE_MALFORMED),
    ],
)
def test_what_cannot_be_written_is_refused_before_a_file_is_made(tmp_path, schema, rows, bad_rows, as_of, reason):
    with pytest.raises(InvalidInputError) as refused:
        write_export(tmp_path / "export.csv", schema, rows, seed=SEED, bad_rows=bad_rows, as_of=as_of)
    assert refused.value.reason is reason
    assert not (tmp_path / "export.csv").exists()


@pytest.mark.parametrize("schema", DEPARTMENT_TYPES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_ingestion_takes_the_clean_rows_and_rejects_exactly_the_dirty_ones(tmp_path, schema, encoding):
    path = tmp_path / "export.csv"
    write_export(path, schema, ROWS, seed=SEED, bad_rows=37, encoding=encoding)
    read_back = list(read_rows(data_type_named(schema), Format.CSV, lambda: [path.read_bytes()], today=TODAY))
    header, rows = read(path, encoding)
    dirty = {line for line, row in enumerate(rows, start=2) if not is_clean(schema, header, row)}
    assert {row.line for row in read_back if isinstance(row, Rejection)} == dirty
    assert len([row for row in read_back if isinstance(row, Row)]) == ROWS - 37


def test_ingestion_reads_the_known_facts_of_firm_0(tmp_path):
    known = {
        "tax_payment": {"paid_amount": 128_640_050, "sales_income": 1_860_000_000, "months_paid_on_time_12m": 12},
        "tax_credit_rating": {"rating_year": 2025, "grade": "B"},
        "penalty_summary": {
            "count_24m": 0,
            "last_month": Special.NONE_ON_RECORD,
            "last_serious_month": Special.NONE_ON_RECORD,
            "serious_unrepaired": 0,
        },
    }
    for schema, facts in known.items():
        path = tmp_path / schema
        write_export(path, schema, 2, seed=SEED)
        row = next(
            iter(read_rows(data_type_named(schema), Format.CSV, lambda path=path: [path.read_bytes()], today=TODAY))
        )
        fields = data_type_named(schema).schema.fields
        assert facts.items() <= {field.name: value for field, value in zip(fields, row.values, strict=True)}.items()
        assert row.credit_code == credit_code(0, SEED)
