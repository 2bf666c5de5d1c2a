"""Challenges that a passkey signs once and within minutes. Until one is used the store knows nothing of it.

A challenge is H(tag || purpose || token), the token random with its time and a code that only this instance makes. So
it is never the digest of anything else that a passkey signs, and pages that show one change nothing.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from api.storage import table
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

LIFETIME_S: Final = 300
_TAG: Final = b"credence portal challenge 1\0"
_RANDOM_BYTES, _TIME_BYTES, _CODE_BYTES = 16, 8, 16
_TOKEN_BYTES: Final = _RANDOM_BYTES + _TIME_BYTES + _CODE_BYTES
_USED: Final = table.assertion_used.c


@dataclass(frozen=True, slots=True)
class Challenge:
    """``token``: what comes back with the signature; ``digest``: what the passkey signs."""

    token: str
    digest: bytes


class Challenges:
    """Makes challenges, and takes each once. ``keyed_digest``: a digest that only this instance can make."""

    def __init__(self, keyed_digest: Callable[[bytes], bytes]) -> None:
        self._keyed_digest = keyed_digest

    def make(self, purpose: str, *, now: int) -> Challenge:
        """Return a fresh challenge for one purpose, such as ``sign-in``."""
        head = random_bytes(_RANDOM_BYTES) + now.to_bytes(_TIME_BYTES, "big")
        token = head + self._code(purpose, head)
        return Challenge(token.hex(), _digest(purpose, token))

    def redeem(self, connection: Connection, purpose: str, token: str, *, now: int) -> bytes:
        """Return what was to be signed, once, in the transaction of what follows.

        Raises:
            VerificationError: ``sign_in_late``; it is too old, was used, or is for something else.
        """
        digest, until = self.look(purpose, token, now=now)
        try:
            connection.execute(delete(table.assertion_used).where(_USED.until <= now))
            connection.execute(insert(table.assertion_used).values(digest=digest, until=until))
        except IntegrityError as error:
            raise _late() from error
        return digest

    def look(self, purpose: str, token: str, *, now: int) -> tuple[bytes, int]:
        """Return what was to be signed and until when, without using it up.

        Raises:
            VerificationError: ``sign_in_late``.
        """
        try:
            raw = bytes.fromhex(token)
        except ValueError as error:
            raise _late() from error
        head, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
        made_at = int.from_bytes(head[_RANDOM_BYTES:], "big")
        is_ours = len(raw) == _TOKEN_BYTES and hmac.compare_digest(code, self._code(purpose, head))
        if not is_ours or not made_at <= now < made_at + LIFETIME_S:
            raise _late()
        return _digest(purpose, raw), made_at + LIFETIME_S

    def _code(self, purpose: str, head: bytes) -> bytes:
        return self._keyed_digest(b"challenge/" + purpose.encode() + b"/" + head)[:_CODE_BYTES]


def _digest(purpose: str, token: bytes) -> bytes:
    return sha256_digest(_TAG + purpose.encode() + b"\0" + token)


def _late() -> VerificationError:
    return VerificationError(Reason.SIGN_IN_LATE, "this page was open for too long, or was used before; open it anew")
