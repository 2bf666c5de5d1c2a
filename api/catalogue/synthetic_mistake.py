"""Mistakes of a row that no ingestion may take: those of any type, and those of one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from ledger_node.domain.credit_code import ALPHABET

Mistake: TypeAlias = Callable[[list[str], list[str]], list[str]]
"""(cells, header) -> cells that no ingestion may take."""


def mistakes(schema: str, rows: int, bad_rows: int) -> Iterator[Mistake | None]:
    """Yield one mistake or None a row: ``bad_rows`` of them evenly spread over the rows after firm 0."""
    kinds = _COMMON + _OF_SCHEMA[schema]
    yield None
    for firm in range(1, rows):
        before, here = ((row * bad_rows) // (rows - 1) for row in (firm - 1, firm))
        yield kinds[before % len(kinds)] if here > before else None


def _wrong_check(cells: list[str], header: list[str]) -> list[str]:
    code = cells[header.index("统一社会信用代码")]
    wrong = ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]
    return _with("统一社会信用代码", code[:-1] + wrong)(cells, header)


def _with(heading: str, cell: str) -> Mistake:
    def mistake(cells: list[str], header: list[str]) -> list[str]:
        place = header.index(heading)
        return [*cells[:place], cell, *cells[place + 1 :]]

    return mistake


_COMMON: Final[tuple[Mistake, ...]] = (
    _wrong_check,
    lambda cells, _: cells[:-1],
    lambda cells, _: [*cells, "备注"],
    _with("统一社会信用代码", ""),
    _with("数据截至日期", "2025-02-30"),
)
_OF_SCHEMA: Final[Mapping[str, tuple[Mistake, ...]]] = {
    "tax_payment": (
        _with("实缴税额（元）", ""),
        _with("实缴税额（元）", "1234.567"),
        _with("实缴税额（元）", "暂无"),
        _with("实缴税额（元）", "-500.00"),
        _with("最近缴款日期", "2025-02-30"),
        _with("近12个月按期缴纳月数", "-1"),
        _with("所属年度", ""),
    ),
    "tax_credit_rating": (
        _with("信用级别", "E"),
        _with("信用级别", ""),
        _with("评定日期", "20250230"),
        _with("有效期止", "暂无"),
        _with("评价年度", ""),
    ),
    "penalty_summary": (
        _with("近24个月处罚次数", "-1"),
        _with("近24个月处罚次数", ""),
        _with("近24个月处罚次数", "一次"),
        _with("最近处罚月份", "2025-13"),
        _with("最近严重违法处罚月份", ""),
        _with("未修复严重处罚数", "1.5"),
    ),
}
