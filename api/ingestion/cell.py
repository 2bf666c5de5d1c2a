"""Cells of departments' exports to canonical values: exact or refused, never guessed, never repeated."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from api.catalogue.datatype import CellFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period

MAX_CELL: Final = 1024
_YUAN: Final = re.compile(r"¥?(?P<whole>[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.(?P<fen>[0-9]{1,2}))?\Z")
_DATE: Final = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<m0>[0-9]{2})(?P<d0>[0-9]{2})|-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})/(?P<d2>[0-9]{1,2})"
    r"|年(?P<m3>[0-9]{1,2})月(?P<d3>[0-9]{1,2})日)\Z"
)
_MONTH: Final = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<m0>[0-9]{2})|-(?P<m1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})|年(?P<m3>[0-9]{1,2})月)\Z"
)
_YEAR: Final = re.compile(r"(?P<y>(?:19|20)[0-9]{2})年?\Z")
_COUNT: Final = re.compile(r"[0-9]{1,12}\Z")
MAX_OF: Final = {CellFormat.YUAN: 10**17 - 1, CellFormat.INTEGER: 10**12 - 1}
"""The largest number that a cell of a format can say, in the canonical unit."""
_NONE_ON_RECORD: Final = {"无", "无记录"}


def clean(cell: str) -> str:
    """Return a cell in NFKC without surrounding space (full-width digits and signs become plain)."""
    return unicodedata.normalize("NFKC", cell).strip()


def parse_cell(form: CellFormat, cell: str, heading: str) -> JSON:
    """Return the JSON value of a cell: None for an empty one, "none" for none on record.

    Raises:
        InvalidInputError: ``value_malformed`` or ``too_large``, naming the column.
    """
    if len(cell) > MAX_CELL:
        raise InvalidInputError(Reason.TOO_LARGE, f"longer than {MAX_CELL} characters", field=heading)
    if not cell:
        return None
    return _PARSERS[form](cell, heading)


def parse_year(cell: str, heading: str) -> Period:
    """Return the period of a year.

    Raises:
        InvalidInputError: ``value_missing`` or ``value_malformed``.
    """
    if not cell:
        raise InvalidInputError(Reason.VALUE_MISSING, "the year is missing", field=heading)
    year = _match(_YEAR, cell, "a year between 1900 and 2099 written with four digits", heading)
    return Period.parse(year["y"])


def parse_date_cell(cell: str, heading: str) -> str:
    """Return an ISO date; whether the day exists is checked with the value."""
    date = _match(_DATE, cell, "a date such as 2025-12-31, 20251231, 2025/12/31 or 2025年12月31日", heading)
    return _joined(date)


def _yuan(cell: str, heading: str) -> int:
    amount = _match(_YUAN, cell, "an amount in yuan that is not negative, with at most two decimals", heading)
    return int(amount["whole"].replace(",", "")) * 100 + int((amount["fen"] or "0").ljust(2, "0"))


def _count(cell: str, heading: str) -> int:
    return int(_match(_COUNT, cell, "a whole number that is not negative", heading)[0])


def _month(cell: str, heading: str) -> str:
    if cell in _NONE_ON_RECORD:
        return "none"
    return _joined(
        _match(_MONTH, cell, "a month such as 2025-03, 202503 or 2025年3月, or 无 for none on record", heading)
    )


def _joined(date: re.Match[str]) -> str:
    year, *rest = [part for part in date.groups() if part is not None]
    return "-".join([year, *(f"{int(part):02}" for part in rest)])


def _match(pattern: re.Pattern[str], cell: str, expected: str, heading: str) -> re.Match[str]:
    found = pattern.match(cell)
    if found is None:
        raise InvalidInputError(Reason.VALUE_MALFORMED, f"this must be {expected}", field=heading)
    return found


_PARSERS: Final[dict[CellFormat, Callable[[str, str], JSON]]] = {
    CellFormat.CODE: lambda cell, _: cell,
    CellFormat.MEMBER: lambda cell, _: cell,
    CellFormat.YUAN: _yuan,
    CellFormat.INTEGER: _count,
    CellFormat.DATE: parse_date_cell,
    CellFormat.MONTH: _month,
}
