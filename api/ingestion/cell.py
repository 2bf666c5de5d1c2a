"""Cells of departments' exports to canonical values: exact or refused, never guessed, never repeated."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from api.catalogue.datatype import CellFormat
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.number import decimal_text
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, Special

MAX_CELL: Final = 1024
_AMOUNT: Final = re.compile(
    r"(?P<sign>-?)¥?(?P<whole>[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.(?P<decimals>[0-9]{1,9}))?\Z"
)
_PERCENT: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,9})(?:\.(?P<decimals>[0-9]{1,9}))?\s*%?\Z")
_DATE: Final = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<m0>[0-9]{2})(?P<d0>[0-9]{2})|-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})/(?P<d2>[0-9]{1,2})"
    r"|年(?P<m3>[0-9]{1,2})月(?P<d3>[0-9]{1,2})日)\Z"
)
_MONTH: Final = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<m0>[0-9]{2})|-(?P<m1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})|年(?P<m3>[0-9]{1,2})月)\Z"
)
_YEAR: Final = re.compile(r"(?P<y>(?:19|20)[0-9]{2})年?\Z")
_COUNT: Final = re.compile(r"-?[0-9]{1,12}\Z")
MAX_COUNT: Final = 10**12 - 1
"""The largest number that a cell of whole numbers can say, with either sign."""
_NONE_ON_RECORD: Final = {"无", "无记录"}
_NO_END: Final = {"长期", "长期有效", "永久", "永久有效", "无固定期限"}
_SEPARATOR: Final = re.compile("[,、;]")


def clean(cell: str) -> str:
    """Return a cell in NFKC without surrounding space (full-width digits and signs become plain)."""
    return unicodedata.normalize("NFKC", cell).strip()


def parse_cell(form: CellFormat, cell: str, heading: str) -> JSON:
    """Return the JSON value of a cell: None for an empty one, "none" for none on record, "no end" without an end.

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


def _amount(cell: str, heading: str) -> str:
    return _decimal(_match(_AMOUNT, cell, "an amount such as 9,876.50 or -35.5", heading))


def _percent(cell: str, heading: str) -> str:
    return _decimal(_match(_PERCENT, cell, "a percentage such as 12.5 or 12.5%", heading))


def _decimal(number: re.Match[str]) -> str:
    """Return the one text of a number as it is written; the field says how many decimals it may have."""
    units = int(number["sign"] + number["whole"].replace(",", "") + (number["decimals"] or ""))
    return decimal_text(units, len(number["decimals"] or ""))


def _count(cell: str, heading: str) -> int:
    return int(_match(_COUNT, cell, "a whole number", heading)[0])


def _date(cell: str, heading: str) -> str:
    return _end(cell) or parse_date_cell(cell, heading)


def _month(cell: str, heading: str) -> str:
    return _end(cell) or _joined(
        _match(_MONTH, cell, "a month such as 2025-03, 202503 or 2025年3月, or 无 for none on record", heading)
    )


def _end(cell: str) -> str | None:
    if cell in _NONE_ON_RECORD:
        return Special.NONE_ON_RECORD.value
    return Special.NO_END.value if cell in _NO_END else None


def _members(cell: str, _: str) -> JSON:
    return [] if cell in _NONE_ON_RECORD else [member.strip() for member in _SEPARATOR.split(cell)]


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
    CellFormat.MEMBERS: _members,
    CellFormat.AMOUNT: _amount,
    CellFormat.PERCENT: _percent,
    CellFormat.INTEGER: _count,
    CellFormat.DATE: _date,
    CellFormat.MONTH: _month,
}
