"""What the numbers of a field count: a unit, or money of one currency, in a smallest unit (CL1, schemas).

``"currency": "CNY"`` is the ISO 4217 code of money; any other number may have a ``unit``. ``scale`` is how many
decimals people write, and ``resolution`` what a rounded source is rounded to.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.error import InvalidInputError, schema_invalid, shown_name
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.number import MAX_SCALE, decimal_text, parse_number, smallest_units
from ledger_node.domain.reason import Reason

PERCENT: Final = "percent"
_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")
_UNIT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}\Z")
_WRITTEN: Final = re.compile(r"(?P<number>-?[0-9.]{1,50})(?:\s*(?P<word>%|[A-Za-z][A-Za-z0-9_]{0,31}))?\Z")
_MONEY: Final = frozenset({"fen", "jiao", "yuan"})


@dataclass(frozen=True, slots=True)
class Measure:
    """How numbers of a field are written; of any other field, nothing."""

    unit: str | None = None
    currency: str | None = None
    scale: int = 0
    resolution: int | None = None
    """In smallest units; values are multiples of it."""

    @classmethod
    def from_record(cls, record: JsonObject) -> Self:
        """Read the members of an integer field that say what it counts.

        Raises:
            InvalidInputError: ``schema_invalid``, or the member that is wrong.
        """
        unit = record.text("unit") if "unit" in record else None
        currency = record.text("currency") if "currency" in record else None
        scale = record.integer("scale", high=MAX_SCALE) if "scale" in record else 0
        resolution = parse_number(record.take("resolution"), "resolution", scale) if "resolution" in record else None
        if currency is not None and (unit is not None or not _CURRENCY.match(currency)):
            raise schema_invalid("a currency is an ISO 4217 code of three capitals, beside no unit", field="currency")
        if unit is not None and (not _UNIT.match(unit) or _CURRENCY.match(unit) or unit in _MONEY):
            raise schema_invalid("a unit is letters, digits and _; money has a currency instead", field="unit")
        if resolution is not None and resolution < 1:
            raise schema_invalid("a resolution is above zero", field="resolution")
        return cls(unit, currency, scale, resolution)

    @property
    def word(self) -> str:
        """What follows a number in text: the currency, the unit, or nothing."""
        return self.currency or self.unit or ""

    def means(self, other: Self) -> bool:
        """Return whether the same number means the same in both, so that they can be compared."""
        return (self.unit, self.currency, self.scale) == (other.unit, other.currency, other.scale)

    def text(self, value: int) -> str:
        """Return ``value`` smallest units as the text form writes them."""
        return f"{decimal_text(value, self.scale)} {self.word}".rstrip()

    def parse(self, text: str, name: str) -> int:
        """Return the smallest units of a number with its word; ``name`` is the field.

        Raises:
            InvalidInputError: ``value_malformed``, ``unit_missing``, ``unit_unknown`` or ``currency_differs``.
        """
        match = _WRITTEN.match(text)
        if match is None:
            raise InvalidInputError(Reason.VALUE_MALFORMED, f"'{name}' is compared with a number", field=name)
        word = PERCENT if match["word"] == "%" else match["word"] or ""
        if not word and self._needs_word:
            raise InvalidInputError(Reason.UNIT_MISSING, f"say the unit: write the number and {self.word}", field=name)
        if word and word != self.word:
            raise self._other_word(word, name)
        value = smallest_units(match["number"], self.scale)
        if value is None:
            raise InvalidInputError(Reason.VALUE_MALFORMED, f"'{name}' has no such fraction of its unit", field=name)
        return value

    @property
    def _needs_word(self) -> bool:
        # 0.3 may be a ratio or a percentage, and an amount may be of any currency
        return self.currency is not None or self.unit == PERCENT or (self.unit is not None and self.scale > 0)

    def _other_word(self, word: str, name: str) -> InvalidInputError:
        if self.currency is not None and _CURRENCY.match(word):
            return InvalidInputError(
                Reason.CURRENCY_DIFFERS, f"'{name}' is in {self.currency}; nothing is converted", field=name
            )
        hint = f"use {self.word}" if self.word else "it has none"
        return InvalidInputError(
            Reason.UNIT_UNKNOWN, f"'{shown_name(word)}' is not the unit of '{name}': {hint}", field=name
        )


PLAIN_COUNT: Final = Measure()
"""Of a field that is no number, or a number without a unit."""
