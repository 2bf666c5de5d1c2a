"""A table that a firm takes home: CSV that spreadsheets open, in which no cell is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import Response

_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By it spreadsheets know UTF-8."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table_file(rows: Iterable[Sequence[str]], name: str) -> Response:
    """Return a download. ``name``: of the file, without its ending; it says nothing of the content."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response((_MARK + text.getvalue()).encode(), media_type="text/csv", headers=headers)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
