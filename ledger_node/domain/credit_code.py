"""Unified social credit codes (GB 32100 with its amendment 1): the key of every subject.

Eighteen characters: the registration office, the kind of organisation, the region of the office (GB/T 2260, six
digits), the organisation code with a check character of its own (GB 11714), and a check character over all.
"""

import datetime as dt
import re
from typing import Final

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CODE: Final = re.compile(
    # 1 to 9, and with amendment 1 A (military), N (rural collectives) and Y (others); then the kind under each
    r"[1-9ANY][1-9]"
    # 100000 is the national office; 99 is no place, and what is invented for examples lies there
    r"(?:100000|(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]|99)[0-9]{4})"
    r"[0-9A-HJ-NPQRTUWXY]{8}[0-9X][0-9A-HJ-NPQRTUWXY]\Z"
)
_SEPARATORS: Final = (
    "-\u058a\u05be\u1680\u180a\u2010\u2011\u2012\u2013\u2014\u2015\u203e\u2043\u207b\u208b"
    "\u2212\u23af\u23ba\u23bb\u23bc\u23bd\u23e4\ufe63\uff0d\uffe3\u00af\u02d7"
    " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""Hyphens and spaces of every kind."""
_ZEROS: Final = "\uff10\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7ec\U0001d7f6"
"""The zeros of digits in full width and of mathematics; nine more follow each."""
_READ_AS: Final = str.maketrans(
    dict.fromkeys(_SEPARATORS, "") | {chr(ord(zero) + digit): str(digit) for zero in _ZEROS for digit in range(10)}
)
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_PERSON: Final = re.compile(
    r"[0-9]{6}(?P<year>(?:18|19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[0-9]{3}[0-9X]\Z"
)


def parse_credit_code(raw: object, field: str = "credit_code") -> str:
    """Return the 18-character code that ``raw`` stands for; spaces and lower case are put right.

    Raises:
        InvalidInputError: ``credit_code_invalid``; the code itself is not repeated.
    """
    if not isinstance(raw, str):
        raise _invalid("the unified social credit code must be a text", field)
    code = raw.upper().translate(_READ_AS).strip()
    if not _CODE.match(code):
        raise _invalid(
            "not a unified social credit code: 18 characters of office, kind, region and organisation", field
        )
    if code[16] != organisation_check(code[8:16]) or code[17] != check_character(code[:17]):
        raise _invalid("not a unified social credit code: a check character is wrong (GB 32100, GB 11714)", field)
    if _is_of_person(code):
        raise _invalid("this is the number of a person; firms are named by their unified social credit code", field)
    return code


def check_character(body: str) -> str:
    """Return the check character of the first seventeen characters of a code (GB 32100: powers of 3 modulo 31)."""
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return ALPHABET[-total % 31]


def organisation_check(organisation: str) -> str:
    """Return the check character of the first eight characters of an organisation code (GB 11714)."""
    # letters count from A = 10, and 10 is written X
    digits = (int(character, 36) for character in organisation)
    total = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return "0123456789X"[-total % 11]


def _is_of_person(code: str) -> bool:
    """Return whether a code is a resident identity number too: a day of birth and its check character (GB 11643)."""
    match = _PERSON.match(code)
    if match is None:
        return False
    # ISO 7064, MOD 11-2
    total = sum(int(digit) << 17 - place for place, digit in enumerate(code[:17]))
    if code[17] != "10X98765432"[total % 11]:
        return False
    try:
        dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return False
    return True


def _invalid(message: str, field: str) -> InvalidInputError:
    return InvalidInputError(Reason.CREDIT_CODE_INVALID, message, field=field)
