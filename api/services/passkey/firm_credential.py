"""The ids of a firm's passkeys for who names its credit code, and as many made-up ones for a code that nobody has.

Some phones sign nothing unless they are told which passkey. So a browser that was never signed in here asks with the
credit code. Whether a firm is registered must not follow from the answer: it always holds a multiple of four ids. Those
that are made up follow from the code, so that asking again gives the same.
"""

from collections.abc import Callable
from typing import Final

from api.services.passkey.credential import Credentials

GROUP: Final = 4
_LENGTHS: Final = (16, 20, 32)
"""Of the ids that phones and computers make."""


class FirmCredentials:
    """Answers for each credit code. ``find_subject``: the firm of a code; ``mac``: a digest of this instance alone."""

    def __init__(
        self, credentials: Credentials, find_subject: Callable[[str], bytes | None], mac: Callable[[bytes], bytes]
    ) -> None:
        self._credentials = credentials
        self._find_subject = find_subject
        self._mac = mac

    def of(self, credit_code: str) -> list[bytes]:
        """Return the ids that may sign in for a credit code; ``credit_code``: as ``parse_credit_code`` returns it."""
        # of an unknown code the same is asked, so that the work is the same
        subject = self._find_subject(credit_code) or bytes(32)
        ids = [one.id for one in self._credentials.of_owner(subject)]
        made_up = [self._made_up(credit_code, number) for number in range(-len(ids) % GROUP or (not ids) * GROUP)]
        return sorted([*ids, *made_up], key=lambda one: self._mac(b"order" + one))

    def _made_up(self, credit_code: str, number: int) -> bytes:
        drawn = self._mac(f"made up {number} {credit_code}".encode())
        return drawn[: _LENGTHS[drawn[-1] % len(_LENGTHS)]]
