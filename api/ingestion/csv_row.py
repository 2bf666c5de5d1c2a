"""Rows of a CSV upload; its heading says which column is which."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import DataType
from api.ingestion.cell import clean, parse_cell, parse_date_cell, parse_year
from api.ingestion.row import Row
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, parse_date

_SHOWN: Final = 32
_CELL: Final = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",]*))(?P<end>,|\Z)')


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a column stands, and what the file calls it."""

    position: int
    heading: str


class CsvHeading:
    """The first line of an upload: where the columns of a type are.

    The code of the firm may stand in several columns, which then must not differ; everything else in one.
    """

    def __init__(self, data_type: DataType, line: str) -> None:
        """Read the heading.

        Raises:
            InvalidInputError: ``heading_missing``, ``heading_unknown``, ``column_repeated`` or ``row_malformed``.
        """
        headings = [clean(heading) for heading in _cells_of(line)]
        self.data_type = data_type
        self._positions = {heading: position for position, heading in enumerate(headings)}
        self.width = len(headings)
        self.subjects = self._find(data_type.subject)
        periods = [data_type.period.headings] if data_type.period.headings else []
        groups = [data_type.as_of, *periods, *(column.headings for column in data_type.columns)]
        found = [self._find(group) for group in groups]
        # only now: a first line that lacks our columns may be data, which no message repeats
        self._require_known(headings)
        for place in (extra for _, *more in found for extra in more):
            raise _repeated(place.heading)
        (self.as_of, *places) = (first for first, *_ in found)
        self.period = places.pop(0) if periods else None
        self.columns = list(zip(data_type.columns, places, strict=True))
        for position, heading in enumerate(headings):
            if self._positions[heading] != position:
                raise _repeated(heading)

    def shown(self, field: str | None) -> str | None:
        """Return the file's name of the column that an error blames."""
        period = self.as_of if self.period is None else self.period
        places = {"as_of": self.as_of, **dict.fromkeys(("period", "period_from", "period_to", "period_year"), period)}
        places |= {column.field: place for column, place in self.columns}
        return places[field].heading if field in places else field

    def _find(self, headings: Sequence[str]) -> list[_Place]:
        found = [
            _Place(self._positions[clean(heading)], heading)
            for heading in headings
            if clean(heading) in self._positions
        ]
        if not found:
            raise InvalidInputError(
                Reason.HEADING_MISSING, f"the file has no column {' or '.join(headings)}", field=headings[0]
            )
        return found

    def _require_known(self, headings: Sequence[str]) -> None:
        data_type = self.data_type
        groups = [data_type.subject, data_type.as_of, data_type.period.headings]
        groups += [column.headings for column in data_type.columns]
        known = {clean(heading) for group in groups for heading in group}
        known |= {clean(heading) for heading in data_type.ignored}
        for heading in headings:
            if heading not in known:
                raise InvalidInputError(
                    Reason.HEADING_UNKNOWN,
                    f"the column '{heading[:_SHOWN]}' is not one of {data_type.schema.name}; "
                    "remove it or send the file under its own type",
                    field=heading[:_SHOWN],
                )


def csv_row(heading: CsvHeading, number: int, line: str) -> Row | None:
    """Return the row at line ``number``, or None for a blank one.

    Raises:
        InvalidInputError: why it is none, naming the column.
    """
    raw = _cells_of(line)
    if not any(cell.strip() for cell in raw):
        return None
    if len(raw) != heading.width:
        raise InvalidInputError(Reason.ROW_MALFORMED, f"the row has {len(raw)} cells, the heading has {heading.width}")
    cells = [clean(cell) for cell in raw]
    credit_code = _subject(heading, cells)
    as_of = parse_date(parse_date_cell(cells[heading.as_of.position], heading.as_of.heading), heading.as_of.heading)
    values = tuple(
        field.parse(parse_cell(column.format, cells[place.position], place.heading))
        for field, (column, place) in zip(heading.data_type.schema.fields, heading.columns, strict=True)
    )
    return Row(number, credit_code, _period(heading, cells, as_of), as_of, values)


def _subject(heading: CsvHeading, cells: Sequence[str]) -> str:
    # an empty cell beside another one says nothing that could differ
    first, *others = [place for place in heading.subjects if cells[place.position]] or heading.subjects[:1]
    code = parse_credit_code(cells[first.position], first.heading)
    for place in others:
        if parse_credit_code(cells[place.position], place.heading) != code:
            raise InvalidInputError(
                Reason.ROW_INCONSISTENT, f"'{first.heading}' and '{place.heading}' name two firms", field=place.heading
            )
    return code


def _period(heading: CsvHeading, cells: Sequence[str], as_of: int) -> Period:
    if heading.period is None:
        return heading.data_type.period.rolling(as_of)
    return parse_year(cells[heading.period.position], heading.period.heading)


def _repeated(heading: str) -> InvalidInputError:
    return InvalidInputError(
        Reason.COLUMN_REPEATED, f"the file has two columns for one field, one of them '{heading}'", field=heading
    )


def _cells_of(line: str) -> list[str]:
    """Return the cells of a line (RFC 4180). Only that line pays for a quote where none belongs.

    A quoted cell does not go on in the next line. What departments export has no such cells, and if it did, one stray
    quote could swallow every row after it.

    Raises:
        InvalidInputError: ``row_malformed``; a quote stands inside a cell, is not closed, or text follows it.
    """
    if '"' not in line:
        return line.split(",")
    cells: list[str] = []
    at = 0
    while True:
        match = _CELL.match(line, at)
        if match is None:
            raise InvalidInputError(
                Reason.ROW_MALFORMED, f"the row is not CSV: cell {len(cells) + 1} has a quote where none belongs"
            )
        quoted = match["quoted"]
        cells.append(match["plain"] if quoted is None else quoted.replace('""', '"'))
        if not match["end"]:
            return cells
        at = match.end()
