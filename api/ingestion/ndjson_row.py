"""Rows of an NDJSON upload: one JSON object a line, under the rules of cells.

Texts are cleaned and read as the cells of CSV are. A number without decimals is an integer, within what a cell can say;
one with decimals is a text, so that nobody takes yuan for fen.
"""

from typing import Final

from api.catalogue.datatype import CellFormat, DataType
from api.ingestion.cell import MAX_COUNT, clean, parse_cell, parse_date_cell, parse_year
from api.ingestion.row import Row
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, Special, parse_date

_ENDS: Final = (Special.NONE_ON_RECORD.value, Special.NO_END.value)


def ndjson_row(data_type: DataType, number: int, line: str) -> Row | None:
    """Return the row at line ``number``, or None for a blank one.

    Raises:
        InvalidInputError: why it is none, naming the member.
    """
    if not line.strip():
        return None
    record = JsonObject(decode(line.encode()), "row")
    credit_code = parse_credit_code(_cleaned(record.take("credit_code")))
    raw = _cleaned(record.take("as_of"))
    as_of = parse_date(parse_date_cell(raw, "as_of") if isinstance(raw, str) else raw, "as_of")
    period = _period(data_type, _cleaned(record.optional("period")), as_of)
    values = record.take("values")
    record.done()
    if not isinstance(values, dict):
        raise InvalidInputError(Reason.TYPE_WRONG, "'values' must be a JSON object", field="values")
    formats = {column.field: column.format for column in data_type.columns}
    parsed = {name: _value(formats[name], value, name) if name in formats else value for name, value in values.items()}
    return Row(number, credit_code, period, as_of, data_type.schema.parse_values(parsed))


def _cleaned(value: JSON) -> JSON:
    return clean(value) if isinstance(value, str) else value


def _value(form: CellFormat, value: JSON, name: str) -> JSON:
    value = _cleaned(value)
    if form is not CellFormat.INTEGER:
        return parse_cell(form, value, name) if isinstance(value, str) and value not in _ENDS else value
    if value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -MAX_COUNT <= value <= MAX_COUNT:
        raise InvalidInputError(
            Reason.VALUE_OUT_OF_RANGE, f"this must lie between -{MAX_COUNT} and {MAX_COUNT}", field=name
        )
    return value


def _period(data_type: DataType, raw: JSON, as_of: int) -> Period:
    if data_type.period.headings:
        if raw is None or isinstance(raw, str):
            return parse_year(raw or "", "period")
        return Period.parse(raw)
    period = data_type.period.rolling(as_of)
    if raw is not None and Period.parse(raw) != period:
        raise InvalidInputError(
            Reason.ROW_INCONSISTENT, "the period is not the one that ends with the day of the data", field="period"
        )
    return period
