"""What a controller signs to change where a firm is told things outside the pages."""

from enum import StrEnum
from typing import Final

from ledger_node.domain.hashing import keccak

_TAG: Final = keccak(b"credence-contact/v1")
SIGNED_FOR_S: Final = 300
"""How long such a signature is taken."""
_TIME_BYTES: Final = 8


class ContactChange(StrEnum):
    """What is done with an address."""

    ADD = "add"
    REMOVE = "remove"


def contact_digest(subject: bytes, change: ContactChange, about: bytes, signed_at: int) -> bytes:
    """Return what a controller signs: H(tag || subject || H(change) || H(about) || u64 signedAt).

    ``about``: the address as it is typed, in UTF-8, or the id of the one that goes. ``signed_at``: in seconds.
    """
    time = signed_at.to_bytes(_TIME_BYTES, "big")
    return keccak(_TAG + subject + keccak(change.encode()) + keccak(about) + time)
