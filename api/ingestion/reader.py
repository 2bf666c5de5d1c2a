"""Readers that turn the bytes of an upload into rows and rejections, one at a time."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from api.catalogue.datatype import Column, DataType
from api.ingestion.cell import clean, parse_cell, parse_date_cell, parse_year
from api.ingestion.row import Rejection, Row
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record
from ledger_node.domain.value import parse_date

MAX_LINE: Final = 65_536
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_TOO_LONG: Final = f"a line is longer than {MAX_LINE} characters"

Chunks = Callable[[], Iterable[bytes]]
"""The upload, which can be read more than once."""


class Format(StrEnum):
    """How an upload is written."""

    CSV = "csv"
    NDJSON = "ndjson"


def read_rows(data_type: DataType, form: Format, chunks: Chunks) -> Iterator[Row | Rejection]:
    """Yield a row or the rejections of a row, in the order of the upload.

    Raises:
        InvalidInputError: the upload as a whole cannot be read (encoding, missing columns).
    """
    lines = _lines(chunks)
    match form:
        case Format.CSV:
            yield from _CsvRows(data_type, lines)
        case Format.NDJSON:
            for number, line in enumerate(lines, start=1):
                if len(line) > MAX_LINE:
                    yield Rejection(number, None, Reason.TOO_LARGE, _TOO_LONG)
                elif line.strip():
                    yield _ndjson_row(data_type, number, line)


def _lines(chunks: Chunks) -> Iterator[str]:
    """Yield lines with their ends; of one that is too long only so much that it shows."""
    encoding = next((name for name in _ENCODINGS if _decodes(chunks, name)), None)
    if encoding is None:
        raise InvalidInputError(Reason.ENCODING_WRONG, "save the file as UTF-8 or GB18030 and send it again")
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    for chunk in chunks():
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        yield from (line + "\n" for line in whole)
        rest = rest[: MAX_LINE + 1]
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _decodes(chunks: Chunks, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks():
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class _CsvRows:
    """The rows of one CSV upload; the heading says which column is which."""

    def __init__(self, data_type: DataType, lines: Iterator[str]) -> None:
        self._type = data_type
        self._too_long = False
        self._reader = csv.reader(self._watched(lines), strict=True)
        try:
            headings = [clean(heading) for heading in next(self._reader, [])]
        except csv.Error as error:
            raise InvalidInputError(Reason.ROW_MALFORMED, f"the heading is not CSV: {error}") from error
        if self._too_long:
            raise InvalidInputError(Reason.TOO_LARGE, f"the heading: {_TOO_LONG}")
        self._width = len(headings)
        self._positions = {heading: position for position, heading in enumerate(headings)}
        self._subject = self._find(data_type.subject)
        self._as_of = self._find(data_type.as_of)
        self._period = self._find(data_type.period.headings) if data_type.period.headings else None
        self._columns = [(column, *self._find(column.headings)) for column in data_type.columns]
        # only now: a first line that lacks our columns may be data, which no message repeats
        self._check_headings(headings)

    def __iter__(self) -> Iterator[Row | Rejection]:
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                last = self._reader.line_num
                through = f" (read through line {last})" if last > line else ""
                yield Rejection(line, None, Reason.ROW_MALFORMED, f"the row is not CSV: {error}{through}")
                self._too_long = False
                continue
            if self._too_long:
                self._too_long = False
                yield Rejection(line, None, Reason.TOO_LARGE, _TOO_LONG)
            elif any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        """Yield lines, an empty one for each that is too long, and note that there was one."""
        for line in lines:
            self._too_long = self._too_long or len(line) > MAX_LINE
            yield line if len(line) <= MAX_LINE else "\n"

    def _row(self, line: int, raw: Sequence[str]) -> Row | Rejection:
        if len(raw) != self._width:
            return Rejection(
                line,
                None,
                Reason.ROW_MALFORMED,
                f"the row has {len(raw)} cells, the heading has {self._width}",
            )
        try:
            cells = [clean(cell) for cell in raw]
            position, heading = self._subject
            credit_code = parse_credit_code(cells[position], heading)
            position, heading = self._as_of
            as_of = parse_date(parse_date_cell(cells[position], heading), heading)
            values = tuple(
                field.parse(_cell(column, cells[at], column_heading))
                for field, (column, at, column_heading) in zip(self._type.schema.fields, self._columns, strict=True)
            )
            period = self._period_of(cells, as_of)
        except InvalidInputError as error:
            return Rejection(line, self._heading_of(error.field), error.reason, error.message)
        return Row(line, credit_code, period, as_of, values)

    def _heading_of(self, field: str | None) -> str | None:
        """Return the clerk's name of a column where the error names our field."""
        return next((heading for column, _, heading in self._columns if column.field == field), field)

    def _period_of(self, cells: Sequence[str], as_of: int) -> Period:
        if self._period is None:
            return self._type.period.rolling(as_of)
        position, heading = self._period
        return parse_year(cells[position], heading)

    def _find(self, headings: Sequence[str]) -> tuple[int, str]:
        for heading in headings:
            position = self._positions.get(clean(heading))
            if position is not None:
                return position, heading
        raise InvalidInputError(
            Reason.HEADING_MISSING, f"the file has no column {' or '.join(headings)}", field=headings[0]
        )

    def _check_headings(self, headings: Sequence[str]) -> None:
        data_type = self._type
        groups = [data_type.subject, data_type.as_of, data_type.period.headings]
        groups += [column.headings for column in data_type.columns]
        known = {clean(heading) for group in groups for heading in group}
        known |= {clean(heading) for heading in data_type.ignored}
        for heading in headings:
            if heading not in known:
                raise InvalidInputError(
                    Reason.HEADING_UNKNOWN,
                    f"the column '{heading[:32]}' is not one of {data_type.schema.name}; "
                    "remove it or send the file under its own type",
                    field=heading[:32],
                )
        if len(self._positions) != len(headings):
            raise InvalidInputError(Reason.ROW_MALFORMED, "a column stands twice in the heading")


def _cell(column: Column, cell: str, heading: str) -> JSON:
    return parse_cell(column.format, cell, heading)


def _ndjson_row(data_type: DataType, number: int, line: str) -> Row | Rejection:
    try:
        record = Record(decode(line.encode()), "row")
        credit_code = parse_credit_code(record.take("credit_code"))
        as_of = parse_date(record.take("as_of"), "as_of")
        raw_period = record.optional("period")
        if raw_period is None and data_type.period.headings:
            raise InvalidInputError(Reason.VALUE_MISSING, "say the period, such as 2025", field="period")
        period = data_type.period.rolling(as_of) if raw_period is None else Period.parse(raw_period)
        raw_values = record.take("values")
        record.done()
        if not isinstance(raw_values, dict):
            raise InvalidInputError(Reason.TYPE_WRONG, "'values' must be a JSON object", field="values")
        values = data_type.schema.parse_values(raw_values)
    except InvalidInputError as error:
        return Rejection.of(number, error)
    return Row(number, credit_code, period, as_of, values)
