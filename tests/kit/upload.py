"""Small exports of one department, written cell by cell."""

import csv
import io
import json

from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.ingestion.reader import Format, read_rows
from ledger_node.domain.value import parse_date

TAX = "tax_payment"
TODAY = parse_date("2026-11-01", "today")
CODE = credit_code(7, 1)
CELLS = {
    "统一社会信用代码": CODE,
    "所属年度": "2025",
    "税种代码": "10101",
    "实缴税额（元）": "1,234.50",
    "最近缴款日期": "2025-12-31",
    "销售收入（元）": "",
    "近12个月按期缴纳月数": "12",
    "数据截至日期": "2026-01-31",
}
RECORD = {
    "credit_code": CODE,
    "as_of": "2026-01-31",
    "period": "2025",
    "values": {"tax_kind": "10101", "paid_amount": "1234.50", "paid_on": "2025-12-31", "months_paid_on_time_12m": 12},
}


def csv_text(*rows, headings=tuple(CELLS), newline="\r\n"):
    """Return a CSV of rows; a row is a dict of cells that differ from the good ones, or a list of cells."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([{**CELLS, **row}.get(name, "") for name in headings] if isinstance(row, dict) else row)
    return text.getvalue()


def ndjson_text(*records):
    """Return NDJSON of records; a record is a dict of members that differ from the good ones, or a line."""
    lines = [
        json.dumps({**RECORD, **record}, ensure_ascii=False) if isinstance(record, dict) else record
        for record in records
    ]
    return "\n".join(lines) + "\n"


def read(text, form=Format.CSV, *, schema=TAX, encoding="utf-8", size=1 << 20):
    """Read an upload that arrives in parts of ``size`` bytes."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return list(read_rows(data_types()[schema], form, lambda: parts, today=TODAY))


def seen(item):
    """Return line, field and reason of a rejection."""
    return item.line, item.field, item.reason.value
