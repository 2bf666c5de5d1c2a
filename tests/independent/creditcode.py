"""Credit codes (clause 8, GB 32100) and resident identity numbers (GB 11643)."""

import datetime as dt
import re
from typing import Any

from .errors import need
from .strict import one_form

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION = "0123456789X"
RESIDENT = "10X98765432"
CODE = re.compile(
    r"[1-9ANY][1-9](?:100000|(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82|99)[0-9]{4})"
    r"[0-9ABCDEFGHJKLMNPQRTUWXY]{8}[0-9X][0-9ABCDEFGHJKLMNPQRTUWXY]\Z"
)
RESIDENT_NUMBER = re.compile(r"[0-9]{6}((?:18|19|20)[0-9]{6})[0-9]{3}[0-9X]\Z")
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def read(value: Any) -> str:
    """A credit code; one that is right but for small letters, spaces or hyphens is not in its one form."""
    need(isinstance(value, str), "credit_code_invalid")
    code = "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in value if c not in " -")
    need(is_right(code), "credit_code_invalid")
    one_form(code == value, "the credit code in another writing")
    return code


def is_right(code: str) -> bool:
    """Form and both check characters; no resident identity number."""
    if not CODE.match(code):
        return False
    inner = sum(int(c, 36) * weight for c, weight in zip(code[8:16], INNER_WEIGHTS, strict=True))
    outer = sum(ALPHABET.index(c) * weight for c, weight in zip(code[:17], WEIGHTS, strict=True))
    checks = ORGANISATION[-inner % 11] + ALPHABET[-outer % 31]
    return checks == code[16:] and not is_resident_number(code)


def is_resident_number(code: str) -> bool:
    """Six digits, a day, three digits and a check character (ISO 7064, MOD 11-2)."""
    match = RESIDENT_NUMBER.match(code)
    if not match:
        return False
    try:
        dt.datetime.strptime(match[1], "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return False
    total = sum(int(c) * weight for c, weight in zip(code[:17], RESIDENT_WEIGHTS, strict=True))
    return RESIDENT[total % 11] == code[17]
