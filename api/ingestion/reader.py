"""Readers that turn the bytes of an upload into rows and rejections: each line is accounted for, once."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from api.catalogue.datatype import DataType
from api.ingestion.csv_row import CsvHeading, csv_row
from api.ingestion.line import MAX_LINE, Chunks, read_text_lines
from api.ingestion.ndjson_row import ndjson_row
from api.ingestion.row import NoRow, Rejection, Row
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema_field import require_days

_TOO_LONG: Final = f"a line is longer than {MAX_LINE} characters"


class Format(StrEnum):
    """How an upload is written."""

    CSV = "csv"
    NDJSON = "ndjson"


def read_rows(data_type: DataType, form: Format, chunks: Chunks, *, today: int) -> Iterator[Row | Rejection]:
    """Yield the rows and rejections of an upload; as ``read_lines``, without what is no row.

    Raises:
        InvalidInputError: as ``read_lines``.
    """
    for item in read_lines(data_type, form, chunks, today=today):
        if not isinstance(item, NoRow):
            yield item


def read_lines(data_type: DataType, form: Format, chunks: Chunks, *, today: int) -> Iterator[Row | Rejection | NoRow]:
    """Yield one item for each line of an upload, in their order.

    Args:
        data_type: what the rows are.
        form: how they are written.
        chunks: the bytes of the upload, in any pieces.
        today: the day in China on which it was sent; no data is of a later one.

    Raises:
        InvalidInputError: the upload as a whole cannot be read (encoding, missing, unknown or repeated columns).
    """
    lines = enumerate(read_text_lines(chunks), start=1)
    heading = None
    if form is Format.CSV:
        # an empty file lacks its columns
        number, line = next(lines, (0, ""))
        if len(line) > MAX_LINE:
            raise InvalidInputError(Reason.TOO_LARGE, f"the heading: {_TOO_LONG}")
        heading = CsvHeading(data_type, line)
        yield NoRow(number, is_heading=True)
    for number, line in lines:
        if len(line) > MAX_LINE:
            yield Rejection(number, None, Reason.TOO_LARGE, _TOO_LONG)
            continue
        try:
            row = ndjson_row(data_type, number, line) if heading is None else csv_row(heading, number, line)
            if row is not None:
                require_days(row.as_of, row.period, today)
                data_type.schema.require_sense(row.values, as_of=row.as_of, period=row.period)
        except InvalidInputError as error:
            field = error.field if heading is None else heading.shown(error.field)
            yield Rejection(number, field, error.reason, error.message)
        else:
            yield NoRow(number, is_heading=False) if row is None else row
