"""CSV exports: every row is issued or comes back with its line, field and reason."""

import pytest

from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.ingestion.line import MAX_LINE
from api.ingestion.reader import Format, read_rows
from api.ingestion.row import Rejection, Row
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, Special, parse_date
from tests.kit.upload import CELLS, CODE, TAX, TODAY, csv_text, read, seen

GOOD = csv_text({})


def refusal(text, **options):
    with pytest.raises(InvalidInputError) as refused:
        read(text, **options)
    return refused.value


def test_a_good_row_is_read_exactly():
    (row,) = read(GOOD)
    assert row == Row(
        2,
        CODE,
        Period.parse("2025"),
        parse_date("2026-01-31", "as_of"),
        ("10101", 123450, parse_date("2025-12-31", "paid_on"), Special.ABSENT, 12),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
def test_the_encodings_of_departments_are_recognised(encoding):
    assert read(GOOD, encoding=encoding) == read(GOOD)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_an_upload_may_arrive_in_any_pieces(encoding, size):
    assert read(csv_text({}, {}), encoding=encoding, size=size) == read(csv_text({}, {}))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_line_ends_are_read(newline):
    assert len(read(csv_text({}, {}, newline=newline))) == 2


def test_a_last_line_without_an_end_is_read():
    assert read(GOOD.rstrip()) == read(GOOD)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_encoding_refuses_the_file_as_a_whole(encoding):
    assert refusal(GOOD, encoding=encoding).reason in {Reason.ENCODING_WRONG, Reason.HEADING_MISSING, Reason.TOO_LARGE}


def test_bytes_of_no_encoding_refuse_the_file_as_a_whole():
    assert refusal(GOOD.encode() + b"\xff\xff\xfe").reason is Reason.ENCODING_WRONG


def test_empty_lines_and_rows_of_empty_cells_are_passed_over_and_still_counted():
    items = read(GOOD + "\r\n" + "," * (len(CELLS) - 1) + "\r\n" + csv_text({}).split("\r\n")[1] + "\r\n")
    assert [item.line for item in items] == [2, 5]


def test_f7_a_cell_does_not_go_on_in_the_next_line():
    items = read(csv_text({"税种代码": "10\n101"}, {"所属年度": ""}, {}))
    assert [seen(item) for item in items[:2]] == [(2, None, "row_malformed"), (3, None, "row_malformed")]
    assert seen(items[2]) == (4, "所属年度", "value_missing")
    assert items[3].line == 5


@pytest.mark.parametrize("cells", [["x"], [*CELLS.values(), "备注"], list(CELLS.values())[:-1]])
def test_a_row_of_another_width_is_refused(cells):
    bad, good = read(csv_text(cells, {}))
    assert seen(bad) == (2, None, "row_malformed")
    assert f"{len(cells)} cells" in bad.message
    assert good.line == 3


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("统一社会信用代码", "", "credit_code_invalid"),
        ("统一社会信用代码", CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), "credit_code_invalid"),
        ("统一社会信用代码", CODE[:-1], "credit_code_invalid"),
        ("统一社会信用代码", "110101199003070000", "credit_code_invalid"),
        ("所属年度", "", "value_missing"),
        ("所属年度", "二〇二五", "value_malformed"),
        ("税种代码", "", "value_missing"),
        ("税种代码", "增值税", "value_malformed"),
        ("实缴税额（元）", "", "value_missing"),
        ("实缴税额（元）", "-5", "value_out_of_bounds"),
        ("实缴税额（元）", "1.234", "value_malformed"),
        ("实缴税额（元）", "9" * 1025, "too_large"),
        ("最近缴款日期", "2025-02-30", "value_malformed"),
        ("最近缴款日期", "昨天", "value_malformed"),
        ("最近缴款日期", "", "value_missing"),
        ("销售收入（元）", "暂无", "value_malformed"),
        ("近12个月按期缴纳月数", "1.5", "value_malformed"),
        ("数据截至日期", "2025-13-01", "value_malformed"),
        ("数据截至日期", "", "value_malformed"),
    ],
)
def test_a_bad_cell_comes_back_with_line_field_and_reason_and_loses_no_good_row(heading, cell, reason):
    before, bad, after = read(csv_text({}, {heading: cell}, {}))
    assert seen(bad) == (3, heading, reason)
    assert isinstance(before, Row)
    assert isinstance(after, Row)


def test_a_rejection_names_the_heading_that_the_file_uses():
    headings = ["实缴金额（元）" if name == "实缴税额（元）" else name for name in CELLS]
    (bad,) = read(csv_text({"实缴金额（元）": "x"}, headings=headings))
    assert seen(bad) == (2, "实缴金额（元）", "value_malformed")


def test_full_width_cells_and_headings_are_the_plain_ones():
    wide = str.maketrans(
        "0123456789ABCDEFGHJKLMNPQRTUWXY.-", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ．－"
    )
    headings = [name.translate(str.maketrans("（）12", "()１２")) for name in CELLS]
    text = csv_text([cell.translate(wide) for cell in CELLS.values()], headings=headings)
    assert read(text) == read(GOOD)


@pytest.mark.parametrize("code", [f" {CODE} ", CODE.lower(), f"{CODE[:8]} {CODE[8:]}"])
def test_a_credit_code_is_put_into_its_one_form(code):
    (row,) = read(csv_text({"统一社会信用代码": code}))
    assert row.credit_code == CODE


def test_columns_may_stand_in_any_order_and_ignored_ones_may_be_there():
    headings = [*reversed(CELLS), "序号", "纳税人名称"]
    (row,) = read(csv_text({"序号": "1", "纳税人名称": "虚构"}, headings=headings))
    assert row == read(GOOD)[0]


@pytest.mark.parametrize("missing", list(CELLS))
def test_a_missing_column_refuses_the_file_and_is_named(missing):
    error = refusal(csv_text({}, headings=[name for name in CELLS if name != missing]))
    assert (error.reason, error.field) == (Reason.HEADING_MISSING, missing)
    assert missing in error.message


def test_an_unknown_column_refuses_the_file_and_is_named():
    error = refusal(csv_text({}, headings=[*CELLS, "手机号"]))
    assert (error.reason, error.field) == (Reason.HEADING_UNKNOWN, "手机号")


@pytest.mark.parametrize("extra", ["所属年度", "税款所属年度", "实缴金额（元）", "数据截至日期", "统一社会信用代码"])
def test_f8_two_columns_for_one_field_refuse_the_file(extra):
    error = refusal(csv_text({}, headings=[*CELLS, extra]))
    assert (error.reason, error.field) == (Reason.COLUMN_REPEATED, extra)


@pytest.mark.parametrize("extra", ["序号", "纳税人名称"])
def test_f8_a_heading_twice_refuses_the_file_also_where_it_is_ignored(extra):
    assert read(csv_text({}, headings=[*CELLS, extra])) == read(GOOD)
    error = refusal(csv_text({}, headings=[*CELLS, extra, extra]))
    assert (error.reason, error.field) == (Reason.COLUMN_REPEATED, extra)


def test_f8_two_columns_of_the_firm_must_name_one_firm():
    headings = [*CELLS, "纳税人识别号"]
    same, differs, empty, none, wrong = read(
        csv_text(
            {"纳税人识别号": CODE.lower()},
            {"纳税人识别号": credit_code(8, 1)},
            {"纳税人识别号": ""},
            {"统一社会信用代码": "", "纳税人识别号": ""},
            {"纳税人识别号": "123456789012345"},
            headings=headings,
        )
    )
    assert same.credit_code == empty.credit_code == CODE
    assert seen(differs) == (3, "纳税人识别号", "row_inconsistent")
    assert seen(none) == (5, "统一社会信用代码", "credit_code_invalid")
    assert seen(wrong) == (6, "纳税人识别号", "credit_code_invalid")


def test_f8_the_firm_may_stand_in_either_column():
    (row,) = read(csv_text({"统一社会信用代码": "", "纳税人识别号": CODE}, headings=[*CELLS, "纳税人识别号"]))
    assert row.credit_code == CODE


RATING = {
    "统一社会信用代码": CODE,
    "评价年度": "2025",
    "信用级别": "B",
    "评定日期": "2026-04-20",
    "有效期起": "2026-04-20",
    "有效期止": "2027-04-20",
    "数据截至日期": "2026-10-31",
}
PENALTIES = {
    "统一社会信用代码": CODE,
    "近24个月处罚次数": "0",
    "最近处罚月份": "无",
    "最近严重违法处罚月份": "无",
    "未修复严重处罚数": "0",
    "数据截至日期": "2026-10-31",
}


def one(cells, schema, changes):
    text = csv_text({**cells, **changes}, headings=list(cells))
    (item,) = read(text, schema=schema)
    return item


@pytest.mark.parametrize(
    ("changes", "heading", "reason"),
    [
        ({"所属年度": "2052"}, "所属年度", "value_out_of_bounds"),
        ({"所属年度": "1900"}, "所属年度", "value_out_of_bounds"),
        ({"所属年度": "1969"}, "所属年度", "value_out_of_bounds"),
        ({"所属年度": "2026", "最近缴款日期": "2026-01-01"}, None, None),
        ({"所属年度": "2027"}, "所属年度", "value_out_of_bounds"),
        ({"数据截至日期": "2026-11-02"}, "数据截至日期", "value_out_of_bounds"),
        ({"数据截至日期": "2052-01-01"}, "数据截至日期", "value_out_of_bounds"),
        ({"数据截至日期": "1900-01-01"}, "数据截至日期", "value_out_of_bounds"),
        ({"数据截至日期": "2024-12-31"}, "所属年度", "value_out_of_bounds"),
        ({"数据截至日期": "0001-01-01"}, "数据截至日期", "value_out_of_bounds"),
        ({"近12个月按期缴纳月数": "12"}, None, None),
        ({"近12个月按期缴纳月数": "13"}, "近12个月按期缴纳月数", "value_out_of_bounds"),
        ({"近12个月按期缴纳月数": "25"}, "近12个月按期缴纳月数", "value_out_of_bounds"),
        ({"最近缴款日期": "2026-01-31"}, None, None),
        ({"最近缴款日期": "2026-02-01"}, "最近缴款日期", "value_out_of_bounds"),
        ({"最近缴款日期": "1900-01-01"}, "最近缴款日期", "value_out_of_bounds"),
        ({"最近缴款日期": "2024-12-31"}, "最近缴款日期", "row_inconsistent"),
        ({"实缴税额（元）": "10000000000000.00"}, None, None),
        ({"实缴税额（元）": "10000000000000.01"}, "实缴税额（元）", "value_out_of_bounds"),
        ({"实缴税额（元）": "90071992547409.92"}, "实缴税额（元）", "value_out_of_range"),
        ({"销售收入（元）": "999999999999999.99"}, "销售收入（元）", "value_out_of_range"),
    ],
)
def test_f5_impossible_tax_payments_are_rejected_by_column(changes, heading, reason):
    item = one(CELLS, TAX, changes)
    assert isinstance(item, Row) if reason is None else seen(item) == (2, heading, reason)


@pytest.mark.parametrize(
    ("changes", "heading", "reason"),
    [
        ({}, None, None),
        ({"有效期止": "2026-04-20"}, None, None),
        ({"有效期起": "2027-04-21"}, "有效期起", "row_inconsistent"),
        ({"有效期止": "2026-04-19"}, "评定日期", "row_inconsistent"),
        ({"评定日期": "2024-12-31"}, "评定日期", "row_inconsistent"),
        ({"评定日期": "2026-11-01"}, "评定日期", "value_out_of_bounds"),
        ({"有效期止": "2101-01-01"}, "有效期止", "value_out_of_bounds"),
        ({"有效期起": "1900-01-01"}, "有效期起", "value_out_of_bounds"),
        ({"评价年度": "2052"}, "评价年度", "value_out_of_bounds"),
        ({"评价年度": "2013"}, "评价年度", "value_out_of_bounds"),
        # a rating that was valid to 2021 is a fact; it holds no longer
        (
            {"评价年度": "2019", "评定日期": "2020-04-20", "有效期起": "2020-04-20", "有效期止": "2021-04-20"},
            None,
            None,
        ),
    ],
)
def test_f5_impossible_ratings_are_rejected_by_column(changes, heading, reason):
    item = one(RATING, "tax_credit_rating", changes)
    assert isinstance(item, Row) if reason is None else seen(item) == (2, heading, reason)


@pytest.mark.parametrize(
    ("cells", "heading", "reason"),
    [
        (("0", "无", "无", "0"), None, None),
        (("1", "2026-10", "无", "0"), None, None),
        (("1", "2024-11", "2024-11", "1"), None, None),
        (("0", "2024-10", "2024-10", "0"), None, None),
        (("0", "2024-11", "无", "0"), "最近处罚月份", "row_inconsistent"),
        (("1", "无", "无", "0"), "最近处罚月份", "row_inconsistent"),
        (("1", "2024-10", "无", "0"), "最近处罚月份", "row_inconsistent"),
        (("1", "2026-05", "2026-06", "0"), "最近严重违法处罚月份", "row_inconsistent"),
        (("1", "2026-05", "无", "1"), "最近严重违法处罚月份", "row_inconsistent"),
        (("1", "2026-11", "无", "0"), "最近处罚月份", "value_out_of_bounds"),
        (("1", "2052-01", "无", "0"), "最近处罚月份", "value_out_of_bounds"),
        (("100001", "2026-10", "无", "0"), "近24个月处罚次数", "value_out_of_bounds"),
    ],
)
def test_f5_impossible_penalties_are_rejected_by_column(cells, heading, reason):
    item = one(PENALTIES, "penalty_summary", dict(zip(list(PENALTIES)[1:5], cells, strict=True)))
    assert isinstance(item, Row) if reason is None else seen(item) == (2, heading, reason)


def test_a_file_without_a_heading_is_refused_without_repeating_its_first_row():
    rows = "\n".join(GOOD.splitlines()[1:])
    error = refusal(rows)
    assert error.reason is Reason.HEADING_MISSING
    for cell in CELLS.values():
        assert not cell or cell not in f"{error.message} {error.field}"


@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_an_empty_file_says_which_column_it_lacks(text):
    assert refusal(text).reason is Reason.HEADING_MISSING


@pytest.mark.parametrize("size", [4096, 1 << 20])
def test_a_huge_line_is_refused_and_loses_no_good_row(size):
    text = csv_text({}, {"税种代码": "x" * (3 * MAX_LINE)}, {})
    items = read(text, size=size)
    assert [item.line for item in items] == [2, 3, 4]
    assert seen(items[1]) == (3, None, "too_large")
    assert [isinstance(item, Row) for item in items] == [True, False, True]


def test_an_endless_line_does_not_fill_the_memory():
    def parts():
        yield GOOD.encode()
        for _ in range(64):
            yield b"x" * (1 << 16)

    items = list(read_rows(data_types()[TAX], Format.CSV, parts, today=TODAY))
    assert isinstance(items[0], Row)
    assert [item.line for item in items[1:]] == [3]
    assert items[1].reason is Reason.TOO_LARGE


GOOD_LINE = GOOD.splitlines()[1]


@pytest.mark.parametrize(
    "damaged",
    [
        '"' + GOOD_LINE,
        GOOD_LINE + '"',
        GOOD_LINE.replace("10101", '"10101'),
        GOOD_LINE.replace("10101", '10101"'),
        GOOD_LINE.replace("10101", '10"101'),
        GOOD_LINE.replace("10101", '"10101" '),
        GOOD_LINE.replace("10101", ' "10101"'),
        GOOD_LINE.replace("10101", '"10"101"'),
    ],
)
def test_f7_a_stray_quote_costs_its_line_and_no_other(damaged):
    items = read("\n".join([*GOOD.splitlines(), damaged, *[GOOD_LINE] * 1500, ""]))
    assert [item.line for item in items] == list(range(2, 1504))
    assert seen(items[1]) == (3, None, "row_malformed")
    assert [item.line for item in items if isinstance(item, Rejection)] == [3]


def test_f7_quoted_cells_are_read():
    cells = ",".join(f'"{cell}"' for cell in CELLS.values())
    assert read("\n".join([",".join(f'"{name}"' for name in CELLS), cells])) == read(GOOD)
    (quoted,) = read(csv_text({"纳税人名称": 'of "quotes", and commas'}, headings=[*CELLS, "纳税人名称"]))
    assert quoted == read(GOOD)[0]


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_f7_line_ends_may_be_mixed_and_no_row_is_lost(size):
    heading, line = GOOD.splitlines()
    text = heading + "\r\n" + "".join(line + end for end in ("\n", "\r", "\r\n", "\r\r\n", "\n\r", "\r")) + line
    items = read(text, size=size)
    # an end that was written twice leaves a blank line
    assert [item.line for item in items] == [2, 3, 4, 5, 7, 9, 10]
    assert all(isinstance(item, Row) for item in items)


@pytest.mark.parametrize("schema", ["tax_credit_rating", "penalty_summary"])
def test_a_file_of_another_type_is_refused_as_a_whole(schema):
    assert refusal(GOOD, schema=schema).reason in {Reason.HEADING_MISSING, Reason.HEADING_UNKNOWN}
