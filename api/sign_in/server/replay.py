"""Proofs of possession that were accepted, so that none is accepted twice."""

import threading
from typing import ClassVar, Final, Protocol

from typing_extensions import override

from api.sign_in.protocol.error import ProofError, SignInError
from api.sign_in.protocol.proof import AHEAD_S, Proof
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_MOST: Final = 1 << 20
"""About as many as a process can check in the seconds for which a proof counts."""


class ProofMemory(Protocol):
    """Remembers accepted proofs as long as they would count.

    What was accepted before its life is unknown to it. So a proof that may have been made before counts only if it
    carries the nonce of this life (RFC 9449, 8), which nobody could know then.
    """

    waits: ClassVar[bool]
    """Whether using it waits for others."""

    @property
    def nonce(self) -> str:
        """What proofs carry to show that they were made in the life of this memory."""

    def require_of_this_life(self, proof: Proof) -> None:
        """Require that no earlier life can have accepted a proof, by its time or its nonce.

        Raises:
            SignInError: ``proof_nonce``.
        """

    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        """Accept a proof of a key that is of this life, once.

        Raises:
            SignInError: ``proof_nonce``, ``proof_replayed``, ``proof_time`` if the clock was set back, or
                ``overloaded``.
        """


def digest_of(thumbprint: str, identifier: str) -> bytes:
    """Return what a proof is remembered by."""
    return sha256_digest(f"{thumbprint} {identifier}".encode("utf-8", "replace"))


def is_of_life(proof: Proof, nonce: str, since: int) -> bool:
    """Return whether no life before the one that began at ``since`` can have accepted a proof."""
    return proof.nonce == nonce or (proof.nonce is None and proof.issued_at > since + AHEAD_S)


def not_of_life() -> ProofError:
    """Return the refusal of a proof that an earlier life may have accepted."""
    return ProofError(Reason.PROOF_NONCE, "make the proof again with the 'nonce' of the DPoP-Nonce header")


def replayed() -> ProofError:
    """Return the refusal of a proof that was accepted before."""
    return ProofError(Reason.PROOF_REPLAYED, "this proof was used before; make one for each request")


def swept() -> ProofError:
    """Return the refusal of a proof of a time that was swept: a clock that was set back reopens none."""
    return ProofError(Reason.PROOF_TIME, "proofs of this time count no longer")


class LocalProofMemory(ProofMemory):
    """Remembers in the memory of one process, which lives as long as it does."""

    waits: ClassVar[bool] = False

    def __init__(self, started: int) -> None:
        self._nonce = random_bytes(16).hex()
        self._since = started
        self._seen: set[bytes] = set()
        self._ending: dict[int, list[bytes]] = {}
        self._swept = started
        self._lock = threading.Lock()

    @property
    @override
    def nonce(self) -> str:
        return self._nonce

    @override
    def require_of_this_life(self, proof: Proof) -> None:
        if not is_of_life(proof, self._nonce, self._since):
            raise not_of_life()

    @override
    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        self.require_of_this_life(proof)
        seen = digest_of(thumbprint, proof.identifier)
        with self._lock:
            self._sweep(now)
            if seen in self._seen:
                raise replayed()
            if proof.until <= self._swept:
                raise swept()
            if len(self._seen) >= _MOST:
                raise SignInError(Reason.OVERLOADED, "too many proofs within a minute; try again in a minute")
            self._seen.add(seen)
            self._ending.setdefault(proof.until, []).append(seen)

    def __len__(self) -> int:
        return len(self._seen)

    def _sweep(self, now: int) -> None:
        if now <= self._swept:
            return
        for until in [until for until in self._ending if until <= now]:
            self._seen.difference_update(self._ending.pop(until))
        self._swept = now
