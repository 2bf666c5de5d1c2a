"""Cells of departments' exports: exact or refused."""

import pytest

from api.catalogue.datatype import CellFormat
from api.ingestion.cell import MAX_CELL, clean, parse_cell, parse_year
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period

HEADING = "列"


def parsed(form, cell):
    return parse_cell(form, clean(cell), HEADING)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("-0", "0"),
        ("1", "1"),
        ("1.5", "1.5"),
        ("1.50", "1.5"),
        ("1.05", "1.05"),
        ("1,234.56", "1234.56"),
        ("12,345,678.90", "12345678.9"),
        ("¥1,234.56", "1234.56"),
        ("￥1234.56", "1234.56"),
        ("-¥1,234.56", "-1234.56"),
        ("-1", "-1"),
        ("－３.５", "-3.5"),
        ("１２３４．５６", "1234.56"),
        ("  99.99  ", "99.99"),
        ("\u3000100\u3000", "100"),
        ("000123.40", "123.4"),
        ("999999999999999.99", "999999999999999.99"),
        ("0.29", "0.29"),
        ("0.000000001", "0.000000001"),
    ],
)
def test_an_amount_is_read_exactly(cell, amount):
    assert parsed(CellFormat.AMOUNT, cell) == amount


@pytest.mark.parametrize(
    ("cell", "percent"),
    [("12.5", "12.5"), ("12.50%", "12.5"), ("12.5 %", "12.5"), ("-3％", "-3"), ("0%", "0"), ("100", "100")],
)
def test_a_percentage_is_read_exactly(cell, percent):
    assert parsed(CellFormat.PERCENT, cell) == percent


@pytest.mark.parametrize("cell", ["1,000%", "%", "12.5%%", "12.5‰", "十", "1e2", "½", "+5"])
def test_a_percentage_that_is_none_is_refused(cell):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(CellFormat.PERCENT, cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, HEADING)


@pytest.mark.parametrize("cell", ["长期", "长期有效", "永久", "永久有效", "无固定期限", " 长期 "])
@pytest.mark.parametrize("form", [CellFormat.DATE, CellFormat.MONTH])
def test_no_end_is_said_in_words(form, cell):
    assert parsed(form, cell) == "no end"


@pytest.mark.parametrize(
    ("cell", "members"),
    [
        ("land", ["land"]),
        ("land、goods", ["land", "goods"]),
        ("land, goods；shares", ["land", "goods", "shares"]),
        ("无", []),
        ("land,,goods", ["land", "", "goods"]),
    ],
)
def test_members_of_a_set_stand_in_one_cell(cell, members):
    assert parsed(CellFormat.MEMBERS, cell) == members


@pytest.mark.parametrize(
    "cell",
    [
        "--1",
        "¥-1",
        "1-",
        "+1",
        "1.",
        ".5",
        "1.2345678901",
        "1,23",
        "12,34.00",
        "1,234,56",
        ",123",
        "1e3",
        "1E3",
        "NaN",
        "Infinity",
        "1 234",
        "暂无",
        "1万",
        "100元",
        "$5",
        "¥",
        "¥¥5",
        "0x10",
        "1_000",
        "1000000000000000",
        "1.2.3",
        "--",
        "①",
        "½",
        "5\n",
        "٣",
    ],
)
def test_an_amount_that_is_not_exact_is_refused(cell):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(CellFormat.AMOUNT, cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, HEADING)


@pytest.mark.parametrize(
    "cell",
    [
        "2025-12-31",
        "20251231",
        "2025/12/31",
        "2025年12月31日",
        "２０２５-１２-３１",
        "２０２５年１２月３１日",
        " 2025/12/31 ",
    ],
)
def test_dates_are_read_in_the_four_forms_of_exports(cell):
    assert parsed(CellFormat.DATE, cell) == "2025-12-31"


@pytest.mark.parametrize("cell", ["2025-1-5", "2025/1/5", "2025年1月5日"])
def test_dates_may_have_one_digit_months_and_days(cell):
    assert parsed(CellFormat.DATE, cell) == "2025-01-05"


@pytest.mark.parametrize(
    "cell",
    [
        "31-12-2025",
        "12/31/2025",
        "2025-12",
        "2025.12.31",
        "2025-12/31",
        "2025年12月31",
        "251231",
        "2025-12-31 00:00:00",
        "45657",
        "-2025-01-01",
        "2025-123-1",
        "今天",
        "2025-12-31T00:00:00Z",
        "2025-12-31\n",
    ],
)
def test_a_date_in_another_form_is_refused(cell):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(CellFormat.DATE, cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, HEADING)


@pytest.mark.parametrize("cell", ["2025-03", "202503", "2025-3", "2025/3", "2025年3月", "２０２５年３月"])
def test_months_are_read_in_the_forms_of_exports(cell):
    assert parsed(CellFormat.MONTH, cell) == "2025-03"


@pytest.mark.parametrize("cell", ["无", "无记录", " 无 "])
@pytest.mark.parametrize("form", [CellFormat.DATE, CellFormat.MONTH])
def test_none_on_record_is_said_in_words(form, cell):
    assert parsed(form, cell) == "none"


@pytest.mark.parametrize("cell", ["2025", "03-2025", "2025-03-01", "没有", "none", "无。", "20253", "2025年三月"])
def test_a_month_in_another_form_is_refused(cell):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(CellFormat.MONTH, cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, HEADING)


@pytest.mark.parametrize(
    ("cell", "count"), [("0", 0), ("12", 12), ("-1", -1), ("007", 7), ("１２", 12), ("999999999999", 10**12 - 1)]
)
def test_counts_are_whole_numbers(cell, count):
    assert parsed(CellFormat.INTEGER, cell) == count


@pytest.mark.parametrize("cell", ["--1", "1.0", "1,000", "一次", "1次", "+1", "1000000000000", "٣", "1\n"])
def test_a_count_that_is_no_whole_number_is_refused(cell):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(CellFormat.INTEGER, cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.VALUE_MALFORMED, HEADING)


@pytest.mark.parametrize("form", list(CellFormat))
def test_an_empty_cell_has_no_value_and_is_never_a_zero(form):
    assert parsed(form, "") is None
    assert parsed(form, " \u3000\t") is None


@pytest.mark.parametrize("form", list(CellFormat))
def test_a_cell_that_is_too_long_is_refused_before_it_is_parsed(form):
    with pytest.raises(InvalidInputError) as refused:
        parse_cell(form, "1" * (MAX_CELL + 1), HEADING)
    assert (refused.value.reason, refused.value.field) == (Reason.TOO_LARGE, HEADING)


@pytest.mark.parametrize(
    ("cell", "plain"), [("ＡＢ１２", "AB12"), ("Ａ", "A"), (" Ｂ ", "B"), ("（元）", "(元)"), ("\ufeff", "\ufeff")]
)
def test_compatibility_forms_become_plain(cell, plain):
    assert clean(cell) == plain


@pytest.mark.parametrize("cell", ["2025", "2025年", "２０２５年"])
def test_a_year_is_the_period_of_its_days(cell):
    assert parse_year(clean(cell), HEADING) == Period.parse("2025")


@pytest.mark.parametrize(
    ("cell", "reason"), [("", "value_missing"), ("25", "value_malformed"), ("2125", "value_malformed")]
)
def test_a_year_that_is_none_is_refused(cell, reason):
    with pytest.raises(InvalidInputError) as refused:
        parse_year(cell, HEADING)
    assert (refused.value.reason, refused.value.field) == (reason, HEADING)
