"""How one-time codes are written: Crockford's alphabet in groups of five, read as people type it."""

import unicodedata
from typing import Final

from ledger_node.randomness import random_bytes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 symbols: no I, L, O or U."""
LEAST: Final = 8
MOST: Final = 20
_GROUP: Final = 5
_LONGEST: Final = 64
_READ_AS: Final = str.maketrans("OIL", "011")


def draw(symbols: int) -> str:
    """Return so many fresh symbols."""
    return "".join(ALPHABET[byte & 0b11111] for byte in random_bytes(symbols))


def grouped(code: str) -> str:
    """Return a code as it is shown: groups of five, the last one shorter; of eight symbols two groups of four."""
    size = len(code) // 2 if len(code) < 2 * _GROUP else _GROUP
    return "-".join(code[at : at + size] for at in range(0, len(code), size))


def read(text: str) -> str | None:
    """Return the symbols of a code that somebody typed, or None if it can be none."""
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).upper().translate(_READ_AS)
    code = "".join(sign for sign in plain if not (sign.isspace() or unicodedata.category(sign) == "Pd"))
    return code if LEAST <= len(code) <= MOST and set(code) <= set(ALPHABET) else None
