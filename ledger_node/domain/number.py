"""Numbers with a scale (CL1, values): exact, without a float, in one writing.

A number is an integer of its smallest unit. With the scale s, 10^s of them make the unit that people write.
"""

import re
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

MAX_SCALE: Final = 9
MAX_ANSWERED: Final = 2**53 - 1
"""Smallest units that are attested and asked for: as many as an integer of canonical JSON holds, whatever the scale."""
_WRITTEN: Final = re.compile(r"-?[0-9]{1,39}(?:\.[0-9]{1,9})?\Z")


def decimal_text(value: int, scale: int) -> str:
    """Return the one text of ``value`` smallest units: no needless zero, no point without a digit, no ``-0``."""
    whole, fraction = divmod(abs(value), 10**scale)
    digits = f"{fraction:0{scale}}".rstrip("0") if fraction else ""
    return f"{'-' if value < 0 else ''}{whole}{'.' if digits else ''}{digits}"


def smallest_units(text: str, scale: int) -> int | None:
    """Return how many smallest units a written number is, or None where it is no number or finer than they are.

    At most 39 digits before the point and 9 behind it; zeros that say nothing are read.
    """
    if not _WRITTEN.match(text):
        return None
    whole, _, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > scale:
        return None
    units = int(whole + fraction.ljust(scale, "0"))
    return -units if text.startswith("-") else units


def parse_number(raw: JSON, name: str, scale: int) -> int:
    """Return the smallest units of a number: a JSON integer, or with a scale a decimal text in its one writing.

    Raises:
        InvalidInputError: ``type_wrong``, ``value_malformed`` or ``value_out_of_range``.
    """
    if scale:
        if not isinstance(raw, str):
            raise _wrong(Reason.TYPE_WRONG, name, 'must be a decimal text such as "12.5"')
        value = smallest_units(raw, scale)
        if value is None or decimal_text(value, scale) != raw:
            raise _wrong(Reason.VALUE_MALFORMED, name, f"must have at most {scale} decimals and no needless zeros")
    elif not isinstance(raw, int) or isinstance(raw, bool):
        raise _wrong(Reason.TYPE_WRONG, name, "must be an integer")
    else:
        value = raw
    if not -MAX_ANSWERED <= value <= MAX_ANSWERED:
        low, high = (decimal_text(end, scale) for end in (-MAX_ANSWERED, MAX_ANSWERED))
        raise _wrong(Reason.VALUE_OUT_OF_RANGE, name, f"must lie between {low} and {high}")
    return value


def _wrong(reason: Reason, name: str, words: str) -> InvalidInputError:
    return InvalidInputError(reason, f"'{name}' {words}", field=name)
