"""Erasure: a department deletes the data keys of a subject's attestations, and revokes them on the ledger.

Without its data key a sealed record is noise, in this store and in every copy of it. The commitment on the chain then
says nothing to anybody. The keys lie in the key ledger; copies of the store hold none of them.

Durable steps; a kill between any two loses nothing:
1. The store holds that the change is ordered here, and the positions are revoked on the ledger (``status_change``).
   A list that is too long for one change is split into several.
2. One store transaction notes which keys go, unlinks the subject and stores the answer.
3. The keys go, from the key ledger and its copy, and leave tombstones.
4. The note is closed, and the answer leaves.

After a kill between 2 and 4 the next start finishes, or asking again does. After a kill before 2 asking again finds the
keys, starts anew, and revokes only what is not revoked yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from api.services.attestation.erased_subject import mark_erased, mark_unreadable
from api.services.idempotency.attempt import forget_responses_about
from api.services.issuing.issuer import Issuer
from api.services.message.outbox import forget_contacts
from api.storage import table
from api.storage.database import Store
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from ledger_node.chain.port import Mined
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane, StatusReason, fold
from ledger_node.randomness import random_bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: attestations whose keys are gone, and the last transaction that revoked them.

    ``mined`` is None where an earlier try revoked them and was cut off.
    """

    attestations: tuple[bytes, ...]
    mined: Mined | None

    def to_json(self) -> dict[str, JSON]:
        """Return what the API shows."""
        return {
            "erased": len(self.attestations),
            "attestations": [to_hex(digest) for digest in self.attestations],
            "transaction": None if self.mined is None else to_hex(self.mined.transaction),
        }


class ErasureService:
    """Erases for the departments of this instance."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        issuers: Mapping[bytes, Issuer],
    ) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._issuers = issuers

    def erase(
        self,
        member: bytes,
        *,
        credit_code: str,
        schema: str | None,
        store_response: Callable[[Connection, Erasure], None] = lambda _, __: None,
    ) -> Erasure:
        """Erase what ``member`` attested to about a firm, of one schema or of all.

        ``store_response`` stores the answer in the transaction that erases.

        Raises:
            InvalidInputError: ``not_found``; there is nothing to erase.
            ChainError: the revocation is not on the ledger; nothing is erased yet, ask again.
            CredenceError: the key ledger or its copy cannot be changed now; ask again.
        """
        # what one erasure looks for, another one deletes, so one runs at a time
        with self._store.locks.lock("erasures", member):
            department = self._issuers[member].department
            held = table.attestation
            index = department.kek.blind_index(credit_code)
            found = (
                select(held.c.digest, held.c.data_key, held.c.leaf, table.batch.c.start)
                .join(table.batch, (table.batch.c.member == held.c.member) & (table.batch.c.number == held.c.batch))
                .where(held.c.member == member, held.c.subject_index == index, table.batch.c.start.is_not(None))
            )
            if schema is not None:
                found = found.where(held.c.schema == schema)
            rows = self._store.rows(found)
            # those in quarantine as well: this is the department's own word
            known = self._keys.held([row.data_key for row in rows])
            rows = [row for row in rows if row.data_key in known]
            if not rows:
                raise InvalidInputError(Reason.NOT_FOUND, "this department holds nothing about this firm")
            # revoked first: if the process dies in between, asking again finds the keys and finishes
            lists = fold(row.start + row.leaf for row in rows)
            mined = self._issuers[member].status_changes.change(Plane.REVOKED, StatusReason.ERASED, lists)
            keys = [row.data_key for row in rows]
            erased = Erasure(tuple(row.digest for row in rows), mined)
            with self._removals.removing() as connection:
                self._forget_answers(connection, credit_code)
                mark_erased(connection, member, index, schema)
                if schema in {None, SUBJECT_REGISTRATION}:
                    keys += _forget_subject(connection, member, index)
                self._removals.schedule(connection, keys, erases=True)
                store_response(connection, erased)
            return erased

    def _forget_answers(self, connection: Connection, credit_code: str) -> None:
        """Delete the answers of verifications, stored for banks that ask again: they show values of the firm."""
        subject = table.subject.c
        for issuer in self._issuers.values():
            index = issuer.department.kek.blind_index(credit_code)
            for known in connection.execute(select(subject.id).where(subject.subject_index == index)).scalars().all():
                forget_responses_about(connection, known)


def unlink_erased(connection: Connection, keys: KeyLedger) -> int:
    """Unlink every subject whose key is gone from its firm, and return how many there were.

    An older copy of the store brings such links back, and does not know that firms were erased; both are put right.
    """
    mark_unreadable(connection, keys)
    subject = table.subject
    rows = connection.execute(select(subject.c.id, subject.c.data_key)).all()
    known = keys.get([row.data_key for row in rows])
    gone = [row.id for row in rows if row.data_key not in known]
    for one in gone:
        connection.execute(update(subject).where(subject.c.id == one).values(subject_index=random_bytes(32)))
    return len(gone)


def _forget_subject(connection: Connection, registrar: bytes, index: bytes) -> list[bytes]:
    """Unlink a subject from its firm, forget its addresses, and return the keys of its stored credit codes."""
    subject = table.subject
    chosen = (subject.c.registrar == registrar) & (subject.c.subject_index == index)
    rows = connection.execute(select(subject.c.id, subject.c.data_key).where(chosen)).all()
    for row in rows:
        forget_contacts(connection, row.id)
    connection.execute(update(subject).where(chosen).values(subject_index=random_bytes(32)))
    invitation = table.invitation
    invited = (invitation.c.registrar == registrar) & (invitation.c.subject_index == index)
    keys = [row.data_key for row in rows]
    keys += connection.execute(select(invitation.c.data_key).where(invited)).scalars()
    connection.execute(update(invitation).where(invited).values(subject_index=random_bytes(32)))
    return keys
