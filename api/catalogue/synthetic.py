"""Synthetic department exports: invented firms in the format of the real files, for demos, tests and benches.

Nothing written here is about anybody. The firms are numbered and called invented in their names, and their
credit codes lie in region 990000, which no place has (GB/T 2260), so that none can be a real firm's. The
same arguments always write the same bytes, and firm number i has one credit code in all three types.

Firm 0 is the demo firm, whose answers are known: in 2025 it paid 1,286,400.50 yuan of tax on sales of
18,600,000.00, 12 months of 12 on time; its grade for 2025 is B; it has no penalty on record.
"""

import codecs
import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

from api.catalogue.datatype import DataType, data_type_named
from api.catalogue.synthetic_fact import DEMO_FACTS, FACTS, TAX_KINDS, Style
from api.files.own_file import new_file
from ledger_node.domain.credit_code import ALPHABET, check_character, organisation_check
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

DEMO_FIRM: Final = 0
MAX_FIRMS: Final = 31**6

_REGION: Final = "91" + "990000"
"""Registered with market regulation, an enterprise; of a region that does not exist."""
_LEADING: Final[tuple[str, ...]] = ("序号", "纳税人名称", "企业名称")
_TRAILING: Final[tuple[str, ...]] = ("税种名称", "主管税务机关", "处罚机关")
_Mistake: TypeAlias = Callable[[list[str], list[str]], list[str]]
"""(cells, header) -> cells that no ingestion may take."""


def credit_code(firm: int, seed: int) -> str:
    """Return the credit code of firm number ``firm``: valid by structure and check characters, invented.

    Raises:
        InvalidInputError: ``value_out_of_range`` for a number that is no firm's.
    """
    if not 0 <= firm < MAX_FIRMS:
        raise InvalidInputError(
            Reason.VALUE_OUT_OF_RANGE, f"firms have numbers from 0 to {MAX_FIRMS - 1}", field="firm"
        )
    # any step that 31 does not divide visits every number once, so codes never repeat under one seed
    number = ((seed % MAX_FIRMS) * 104_729 + firm * 611_953) % MAX_FIRMS
    organisation = "MA" + "".join(ALPHABET[number // 31**place % 31] for place in range(6))
    code = _REGION + organisation + organisation_check(organisation)
    return code + check_character(code)


def write_export(
    path: Path,
    schema: str,
    rows: int,
    *,
    seed: int,
    bad_rows: int = 0,
    encoding: str = "utf-8-sig",
    as_of: str = "2026-10-31",
) -> None:
    """Write a synthetic export of ``rows`` firms, one row each, numbered from 0, row by row.

    Args:
        path: the file to write; what stands there is replaced.
        schema: ``tax_payment``, ``tax_credit_rating`` or ``penalty_summary``.
        rows: rows below the header, at least 1; row i is about firm i.
        seed: the same seed writes the same firms; a firm's facts do not depend on how many rows there are.
        bad_rows: how many rows hold a mistake, spread evenly; never the row of firm 0.
        encoding: of the file, for example ``gb18030``.
        as_of: day of the data, ISO; yearly types are about the year before it.

    Raises:
        InvalidInputError: the schema is unknown, a number is out of range, or ``as_of`` is no date; or
            ``configuration``: there is a file of this name already, or it cannot be written.
    """
    data_type = data_type_named(schema)
    if not 1 <= rows <= MAX_FIRMS or not 0 <= bad_rows < rows:
        raise InvalidInputError(
            Reason.VALUE_OUT_OF_RANGE, f"rows: 1 to {MAX_FIRMS}, of which fewer are bad", field="rows"
        )
    try:
        day = dt.date.fromisoformat(as_of)
    except ValueError as error:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "write as_of as YYYY-MM-DD", field="as_of") from error
    try:
        with new_file(path, secret=False) as file:
            encoder = codecs.getincrementalencoder(encoding)()
            for line in _lines(data_type, seed, day, _mistakes(schema, rows, bad_rows)):
                file.write(encoder.encode(line))
    except FileExistsError as error:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"{path} exists already and is not overwritten; name another file"
        ) from error
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot write {path}: {error.strerror}") from error


def _lines(data_type: DataType, seed: int, day: dt.date, kinds: Iterable[_Mistake | None]) -> Iterator[str]:
    header, line = _header(data_type), io.StringIO(newline="")
    writer = csv.writer(line)
    writer.writerow(header)
    for firm, mistake in enumerate(kinds):
        cells = _row(data_type, firm, seed, day)
        row = [cells[heading] for heading in header]
        writer.writerow(row if mistake is None else mistake(row, header))
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _header(data_type: DataType) -> list[str]:
    own = [data_type.subject[0], *data_type.period.headings[:1]]
    own += [column.headings[0] for column in data_type.columns] + [data_type.as_of[0]]
    leading = [heading for heading in _LEADING if heading in data_type.ignored]
    trailing = [heading for heading in _TRAILING if heading in data_type.ignored]
    return list(dict.fromkeys(leading + own + trailing))


def _row(data_type: DataType, firm: int, seed: int, as_of: dt.date) -> dict[str, str]:
    schema = data_type.schema.name
    random = Random(f"credence synthetic {seed} {schema} {firm}")  # noqa: S311 - invented data, kept repeatable
    style = Style(random, as_of)
    facts = FACTS[schema](style) if firm != DEMO_FIRM else DEMO_FACTS[schema](style)
    name = f"虚构示例企业{firm:06d}号有限公司"
    cells = {
        "序号": str(firm + 1),
        **dict.fromkeys(("纳税人名称", "企业名称"), name),
        "税种名称": TAX_KINDS.get(facts.get("tax_kind", ""), ""),
        "主管税务机关": "虚构市税务局第一税务所",
        "处罚机关": "虚构市市场监督管理局",
        data_type.subject[0]: credit_code(firm, seed),
        data_type.as_of[0]: style.date(as_of),
    }
    cells |= {heading: str(as_of.year - 1) for heading in data_type.period.headings[:1]}
    return cells | {column.headings[0]: facts[column.field] for column in data_type.columns}


def _mistakes(schema: str, rows: int, bad_rows: int) -> Iterator[_Mistake | None]:
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


def _with(heading: str, cell: str) -> _Mistake:
    def mistake(cells: list[str], header: list[str]) -> list[str]:
        place = header.index(heading)
        return [*cells[:place], cell, *cells[place + 1 :]]

    return mistake


_COMMON: Final[tuple[_Mistake, ...]] = (
    _wrong_check,
    lambda cells, _: cells[:-1],
    lambda cells, _: [*cells, "备注"],
    _with("统一社会信用代码", ""),
    _with("数据截至日期", "2025-02-30"),
)
_OF_SCHEMA: Final[Mapping[str, tuple[_Mistake, ...]]] = {
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
