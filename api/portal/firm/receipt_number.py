"""The short number by which a firm names a consent: the beginning of its id, in letters that cannot be confused."""

from typing import Final

from api.services.one_time_code.form import ALPHABET
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason

_SHOWN_BITS: Final = 40
_LETTER_BITS: Final = 5
_HALF: Final = 4


def receipt_number(of: bytes) -> str:
    """Return the number of a consent or request: 8 letters and digits, such as ``A3F9-K7QM``."""
    number = int.from_bytes(of, "big") >> (8 * len(of) - _SHOWN_BITS)
    places = range(_SHOWN_BITS - _LETTER_BITS, -1, -_LETTER_BITS)
    shown = "".join(ALPHABET[number >> place & 31] for place in places)
    return f"{shown[:_HALF]}-{shown[_HALF:]}"


def id_in_path(text: str, unknown: Reason) -> bytes:
    """Return the id that an address of a page names, as 64 hexadecimal digits.

    Raises:
        VerificationError: ``unknown``; it is none.
    """
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES or found.hex() != text:
        raise VerificationError(unknown, "this address names nothing of yours")
    return found
