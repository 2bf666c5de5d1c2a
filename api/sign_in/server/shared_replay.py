"""Proofs of possession that were accepted, remembered for all processes that share a store in PostgreSQL.

One INSERT accepts a proof, and its key refuses a second one, whichever process it comes to. The tables are UNLOGGED,
which makes that cheap: nothing is flushed, and a crash of the server empties them. The memory's nonce and the time it
began lie in such a table too, so it loses both with the proofs; the next proof begins a new life, with a new nonce.

Forgetting waits a minute beyond the end of a proof, so clocks of hosts may differ by that much.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import BigInteger, LargeBinary, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from api.sign_in.protocol.proof import Proof
from api.sign_in.server.replay import ProofMemory, digest_of, is_of_life, not_of_life, replayed, swept
from api.storage.postgres import PostgresStore
from api.storage.table import proof_memory, proof_used
from ledger_node.randomness import random_bytes

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
    nonce: str
    since: int
    swept: int


class SharedProofMemory(ProofMemory):
    """Remembers in the store. ``now``: the clock, in seconds."""

    waits: ClassVar[bool] = True

    def __init__(self, store: PostgresStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._life = self._read()
        self._swept = self._life.swept

    @property
    @override
    def nonce(self) -> str:
        return self._life.nonce

    @override
    def require_of_this_life(self, proof: Proof) -> None:
        if not is_of_life(proof, self._life.nonce, self._life.since):
            # another process may have begun a new life, and given out its nonce
            self._life = self._read()
            if not is_of_life(proof, self._life.nonce, self._life.since):
                raise not_of_life()

    @override
    def use(self, thumbprint: str, proof: Proof, *, now: int) -> None:
        self._sweep(now)
        seen = digest_of(thumbprint, proof.identifier)
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
                raise swept() if proof.until <= self._life.swept else replayed()
        raise not_of_life()

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
