"""Takes a page to another device of the firm: a code counts once, for minutes, and shows nothing before sign-in."""

from typing import Final

from api.services.one_time_code.code import OneTimeCodes
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason

KIND: Final = "page"


class PageLinks:
    """Makes links to requests, and opens them for the same firm."""

    def __init__(self, store: Store, codes: OneTimeCodes, *, lifetime_s: int) -> None:
        self._store = store
        self._codes = codes
        self.lifetime_s = lifetime_s

    def make(self, subject: bytes, request: bytes) -> str:
        """Return a code for a request of a firm; an unused one for the same request ends."""
        return self._codes.issue(KIND, subject + request, lifetime_s=self.lifetime_s, ends_others=True)

    def check(self, code: str, *, origin: bytes) -> None:
        """Require that a code counts, and say nothing of what it leads to.

        Raises:
            VerificationError: ``code_unknown``, ``code_used``, ``code_expired`` or ``code_locked``.
        """
        self._codes.look(KIND, code, origin=origin)

    def open(self, subject: bytes, code: str, *, origin: bytes) -> bytes:
        """Return the request that a code leads to, for whoever is signed in for ``subject``; the code is spent.

        Raises:
            VerificationError: as ``check``; ``code_unknown`` also for another firm's code.
        """
        holder = self._codes.look(KIND, code, origin=origin)
        if holder[:HASH_BYTES] != subject:
            raise VerificationError(Reason.CODE_UNKNOWN, "there is no such code", field="code")
        with self._store.begin() as connection:
            return self._codes.spend(connection, KIND, code)[HASH_BYTES:]
