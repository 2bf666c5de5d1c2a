"""Units in questions: what people write and the canonical integers behind it. Conversions are exact."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Field
from ledger_node.domain.value import FieldType, format_value, parse_value


@dataclass(frozen=True, slots=True)
class _Unit:
    word: str
    scale: int


_UNITS: Final = {
    "fen": _Unit("CNY", 100),
    "months": _Unit("months", 1),
}
"""The canonical unit of a field -> the word that questions use, and how many of the one make the other."""
_EXACT: Final = Context(prec=60)
"""The default context rounds at 28 digits; 39 of an integer and six of a fraction fit into this one."""
_NUMBER: Final = re.compile(r"(?P<number>-?[0-9]{1,39}(?:\.[0-9]{1,6})?)(?:\s*(?P<unit>[A-Za-z%]+))?\Z")


def parse_operand(field: Field, raw: JSON, *, text: bool = False) -> int | str | bool:
    """Return the canonical value of an operand; ``text`` says that it comes from the text form.

    Raises:
        InvalidInputError: ``unit_missing``, ``unit_unknown``, ``value_malformed``, ``type_wrong``.
    """
    if text and isinstance(raw, str):
        if field.type is FieldType.INTEGER:
            raw = _number(field, raw)
        elif field.type is FieldType.BOOL and raw in {"true", "false"}:
            return raw == "true"
    value = parse_value(field.type, raw, field.name)
    if field.members and value not in field.members:
        raise InvalidInputError(
            Reason.SET_MEMBER_UNKNOWN,
            f"members of '{field.name}' are {', '.join(field.members)}",
            field=field.name,
        )
    assert isinstance(value, int | str)  # noqa: S101 - parse_value never returns a special value
    return value


def show_operand(field: Field, value: object) -> str:
    """Return an operand as the text form writes it."""
    if field.type is FieldType.INTEGER and isinstance(value, int):
        unit = _UNITS.get(field.unit or "")
        if unit is None:
            return str(value)
        return f"{_EXACT.divide(Decimal(value), unit.scale):f} {unit.word}"
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, int | str)  # noqa: S101 - operands hold nothing else
    return str(format_value(field.type, value))


def _number(field: Field, raw: str) -> int:
    match = _NUMBER.match(raw)
    if match is None:
        raise InvalidInputError(Reason.VALUE_MALFORMED, f"'{field.name}' is compared with a number", field=field.name)
    unit = _UNITS.get(field.unit or "", _Unit("", 1))
    word = match["unit"] or ""
    if unit.word and not word and unit.scale != 1:
        raise InvalidInputError(
            Reason.UNIT_MISSING, f"say the unit: write the amount and {unit.word}", field=field.name
        )
    if word and word != unit.word:
        hint = f"use {unit.word}" if unit.word else "it has none"
        raise InvalidInputError(
            Reason.UNIT_UNKNOWN, f"'{word[:16]}' is not the unit of '{field.name}': {hint}", field=field.name
        )
    scaled = _EXACT.multiply(Decimal(match["number"]), unit.scale)
    if scaled != scaled.to_integral_value():
        raise InvalidInputError(
            Reason.VALUE_MALFORMED, f"'{field.name}' has no such fraction of its unit", field=field.name
        )
    return int(_EXACT.to_integral_exact(scaled))
