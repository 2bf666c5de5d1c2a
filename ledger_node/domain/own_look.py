"""What a controller signs to look at values of its own firm: one look, at one thing, once."""

from enum import StrEnum
from typing import Final

from ledger_node.domain.hashing import HASH_BYTES, keccak

_TAG: Final = keccak(b"credence-own-look/v1")
NOTHING_IN_PARTICULAR: Final = bytes(HASH_BYTES)


class LookKind(StrEnum):
    """What a firm looks at: its values; its answers to a request; the wish for a file, and the file."""

    RECORDS = "records"
    ANSWERS = "answers"
    FILE_WISH = "file_wish"
    FILE = "file"


def look_digest(subject: bytes, kind: LookKind, about: bytes, nonce: bytes) -> bytes:
    """Return what a controller signs: H(tag || subject || H(kind) || about || nonce).

    ``about``: the request of which the answers are looked at, zeros otherwise. The tag keeps it apart from every act.
    """
    return keccak(_TAG + subject + keccak(kind.encode()) + about + nonce)
