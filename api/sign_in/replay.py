"""Proofs of possession that were accepted, so that none is accepted twice."""

import threading
from typing import Final

from api.sign_in.principal import SignInError
from api.sign_in.window import AHEAD_S
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_MOST: Final = 1 << 20
"""About as many as a process can check in the seconds for which a proof counts."""


class ProofMemory:
    """Remembers accepted proofs as long as they would count, in memory alone.

    What an earlier process accepted is unknown to this one. So a proof that may have been made before this
    process started counts only if it carries this process's nonce (RFC 9449, 8), which nobody could know then.
    """

    def __init__(self, started: int) -> None:
        self.nonce = random_bytes(16).hex()
        self._first = started + AHEAD_S + 1
        self._seen: set[bytes] = set()
        self._ending: dict[int, list[bytes]] = {}
        self._swept = started
        self._lock = threading.Lock()

    def require_of_this_life(self, issued_at: int, nonce: str | None) -> None:
        """Require that no earlier process can have accepted a proof, by its time or its nonce.

        Raises:
            SignInError: ``proof_nonce``.
        """
        if nonce != self.nonce and (nonce is not None or issued_at < self._first):
            raise SignInError(Reason.PROOF_NONCE, "make the proof again with the 'nonce' of the DPoP-Nonce header")

    def use(self, thumbprint: str, identifier: str, *, until: int, now: int) -> None:
        """Take note of the proof ``identifier`` of a key; it counts no longer from ``until`` on.

        Raises:
            SignInError: ``proof_replayed``, ``proof_time`` if the clock was set back, or ``overloaded``.
        """
        seen = sha256_digest(f"{thumbprint} {identifier}".encode("utf-8", "replace"))
        with self._lock:
            self._sweep(now)
            if seen in self._seen:
                raise SignInError(Reason.PROOF_REPLAYED, "this proof was used before; make one for each request")
            if until <= self._swept:
                # a clock that was set back must not reopen what was swept
                raise SignInError(Reason.PROOF_TIME, "proofs of this time count no longer")
            if len(self._seen) >= _MOST:
                raise SignInError(Reason.OVERLOADED, "too many proofs within a minute; try again in a minute")
            self._seen.add(seen)
            self._ending.setdefault(until, []).append(seen)

    def __len__(self) -> int:
        return len(self._seen)

    def _sweep(self, now: int) -> None:
        if now <= self._swept:
            return
        for until in [until for until in self._ending if until <= now]:
            self._seen.difference_update(self._ending.pop(until))
        self._swept = now
