"""Proofs of possession that were accepted, so that none is accepted twice."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import BigInteger, LargeBinary, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from api.sign_in.protocol.error import ProofError, SignInError
from api.sign_in.protocol.proof import AHEAD_S, Proof
from api.storage.postgres import PostgresStore
from api.storage.table import proof_memory, proof_used
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_MOST: Final = 1 << 20
"""About as many as a process can check in the seconds for which a proof counts."""
_MARGIN_S: Final = 60
_SWEEP_S: Final = 10
_ONLY: Final = 1
_MEMORY: Final = proof_memory.c
_USED: Final = proof_used.c
_ACCEPT: Final = (
    insert(proof_used)
    .from_select(
        ["digest", "until"],
        select(
            bindparam("seen", type_=LargeBinary()).label("digest"), bindparam("ends", type_=BigInteger()).label("until")
        ).where(exists().where(_MEMORY.nonce == bindparam("life"), _MEMORY.swept < bindparam("ends"))),
    )
    .on_conflict_do_nothing()
    .returning(_USED.until)
)


@dataclass(frozen=True, slots=True)
class _Life:
    """Since when a memory remembers, and up to when it has forgotten; ``nonce``: what nobody could know before."""

    nonce: str
    since: int
    swept: int

    def has(self, proof: Proof) -> bool:
        """Return whether no life before this one can have accepted a proof."""
        return proof.nonce == self.nonce or (proof.nonce is None and proof.issued_at > self.since + AHEAD_S)


class ProofMemory(ABC):
    """Remembers accepted proofs as long as they would count.

    What was accepted before its life is unknown to it. So a proof that may have been made before counts only if it
    carries the nonce of this life (RFC 9449, 8), which nobody could know then.
    """

    waits: ClassVar[bool]
    """Whether using it waits for others."""
    _life: _Life

    @property
    def nonce(self) -> str:
        """What proofs carry to show that they were made in the life of this memory."""
        return self._life.nonce

    def require_of_this_life(self, proof: Proof) -> None:
        """Require that no earlier life can have accepted a proof, by its time or its nonce.

        Raises:
            SignInError: ``proof_nonce``.
        """
        if not self._life.has(proof):
            raise _not_of_life()

    @abstractmethod
    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        """Accept a proof of a key that is of this life, once.

        Raises:
            SignInError: ``proof_nonce``, ``proof_replayed``, ``proof_time`` if the clock was set back, or
                ``overloaded``.
        """


def _digest_of(thumbprint: str, proof: Proof) -> bytes:
    """Return what a proof is remembered by."""
    return sha256_digest(f"{thumbprint} {proof.identifier}".encode("utf-8", "replace"))


def _not_of_life() -> ProofError:
    return ProofError(Reason.PROOF_NONCE, "make the proof again with the 'nonce' of the DPoP-Nonce header")


def _used(*, is_swept: bool) -> ProofError:
    """Return the refusal of a proof that was accepted before, or is of a time that was swept."""
    if is_swept:
        # a clock that was set back reopens none
        return ProofError(Reason.PROOF_TIME, "proofs of this time count no longer")
    return ProofError(Reason.PROOF_REPLAYED, "this proof was used before; make one for each request")


class LocalProofMemory(ProofMemory):
    """Remembers in the memory of one process, which lives as long as it does."""

    waits: ClassVar[bool] = False

    def __init__(self, started: int) -> None:
        self._life = _Life(random_bytes(16).hex(), started, started)
        self._seen: set[bytes] = set()
        self._ending: dict[int, list[bytes]] = {}
        self._swept = started
        self._lock = threading.Lock()

    @override
    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        self.require_of_this_life(proof)
        seen = _digest_of(thumbprint, proof)
        with self._lock:
            self._sweep(now)
            if seen in self._seen or proof.until <= self._swept:
                raise _used(is_swept=seen not in self._seen)
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


class SharedProofMemory(ProofMemory):
    """Remembers for all processes that share a store in PostgreSQL. ``now``: the clock, in seconds.

    One INSERT accepts a proof, and its key refuses a second one, whichever process it comes to. The tables are
    UNLOGGED, which makes that cheap: nothing is flushed, and a crash of the server empties them. The memory's nonce and
    the time it began lie in such a table too, so it loses both with the proofs; the next proof begins a new life, with
    a new nonce.

    Forgetting waits a minute beyond the end of a proof, so clocks of hosts may differ by that much.
    """

    waits: ClassVar[bool] = True

    def __init__(self, store: PostgresStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._life = self._read()
        self._swept = self._life.swept

    @override
    def require_of_this_life(self, proof: Proof) -> None:
        if not self._life.has(proof):
            # another process may have begun a new life, and given out its nonce
            self._life = self._read()
        super().require_of_this_life(proof)

    @override
    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        self._sweep(now)
        seen = _digest_of(thumbprint, proof)
        for _ in range(2):
            self.require_of_this_life(proof)
            life = self._life
            with self._store.alone() as connection:
                accepted = connection.execute(_ACCEPT, {"seen": seen, "ends": proof.until, "life": life.nonce})
                if accepted.first() is not None:
                    return
            # refused because it was accepted before, because its time was swept, or because this life is over
            self._life = self._read()
            if self._life.nonce == life.nonce:
                raise _used(is_swept=proof.until <= self._life.swept)
        raise _not_of_life()

    def _sweep(self, now: int) -> None:
        until = now - _MARGIN_S
        if until < self._swept + _SWEEP_S:
            return
        self._swept = until
        with self._store.alone() as connection:
            # said before it is done, so that no proof is forgotten that still counts anywhere
            connection.execute(update(proof_memory).where(_MEMORY.swept < until).values(swept=until))
            connection.execute(delete(proof_used).where(_USED.until <= until))

    def _read(self) -> _Life:
        """Return the life of the memory; the first one that finds none begins one."""
        now = self._now()
        begun = {"row": _ONLY, "nonce": random_bytes(16).hex(), "since": now, "swept": now - _MARGIN_S}
        with self._store.alone() as connection:
            held = connection.execute(select(proof_memory)).first()
            if held is None:
                connection.execute(insert(proof_memory).values(begun).on_conflict_do_nothing())
                held = connection.execute(select(proof_memory)).one()
        return _Life(held.nonce, held.since, held.swept)
