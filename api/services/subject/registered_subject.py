"""Subjects that are registered.

Callers who cannot show that they may act get one refusal: the same for what others own and for what does not exist.
The proof is checked in both cases, against a decoy if there is nothing, so that the work is the same too.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select

from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, unseal
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

_BY_ID: Final = select(table.subject).where(table.subject.c.id.in_(bindparam("subjects", expanding=True)))


@dataclass(frozen=True, slots=True)
class Subject:
    """A registered subject, with the registrar's attestation of it."""

    id: bytes
    registration: bytes
    credit_code: str = field(repr=False)


class SubjectReader:
    """Finds subjects. ``kek``: the registrar's."""

    def __init__(self, store: Store, keys: KeyLedger, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._keys = keys
        self._kek = kek

    def find(self, subject_id: bytes) -> Subject | None:
        """Return a subject whose registration is complete and not erased."""
        return self.find_all([subject_id]).get(subject_id)

    def find_all(self, subjects: Collection[bytes]) -> dict[bytes, Subject]:
        """Return those of ``subjects`` whose registration is complete and not erased, by id."""
        rows = self._store.rows(_BY_ID, {"subjects": list(subjects)})
        # asked for whether there is such a subject or not, so that the work is the same
        wrapped = self._keys.get({row.data_key for row in rows} or {b""})
        return {
            row.id: Subject(row.id, row.registration, self._open(row, wrapped[row.data_key]))
            for row in rows
            if row.registration is not None and row.data_key in wrapped
        }

    def id_of(self, credit_code: str) -> bytes | None:
        """Return the subject of a firm, also one whose registration is not complete, or None."""
        held = table.subject.c
        index = self._kek.blind_index(credit_code)
        found: bytes | None = self._store.scalar(select(held.id).where(held.subject_index == index))
        return found

    def why_unknown(self, subject_id: bytes) -> Reason:
        """Return why a subject is not found: in quarantine, erased, or not registered to the end."""
        row = self._store.row(select(table.subject).where(table.subject.c.id == subject_id))
        key = [] if row is None else [row.data_key]
        if self._keys.get(key):
            return Reason.NO_ATTESTATION
        return Reason.QUARANTINED if self._keys.quarantines.hidden(key) else Reason.ERASED

    def credit_code(self, row: Any) -> str:  # noqa: ANN401 - a row of the subject table
        """Return the credit code of a row of the subject table.

        Raises:
            InvalidInputError: ``erased``.
        """
        wrapped = self._keys.get([row.data_key]).get(row.data_key)
        if wrapped is None:
            raise InvalidInputError(Reason.ERASED, "the registrar has erased this subject")
        return self._open(row, wrapped)

    def _open(self, row: Any, wrapped: bytes) -> str:  # noqa: ANN401 - a row of the subject table
        return unseal(self._kek.unwrap(wrapped), row.sealed, row.id).decode("ascii")


@contextmanager
def unknown_to_strangers(unknown: VerificationError, *, is_party: bool) -> Iterator[None]:
    """Let a party hear what is wrong with its proof, and anybody else only ``unknown``."""
    try:
        yield
    except CredenceError:
        if is_party:
            raise
        raise unknown from None
