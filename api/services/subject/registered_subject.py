"""Subjects that are registered, and their controllers: who signs for each of them, now and at any time before.

The SubjectRegistry orders commitments; the store holds what was committed to. A change of controllers is stored before
it is sent. Nothing else happens to its subject until it is known whether the ledger holds the change.

Callers who cannot show that they may act get one refusal: the same for what others own and for what does not exist.
The proof is checked in both cases, against a decoy if there is nothing, so that the work is the same too.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select

from api.services.subject.controller_change import (
    ControllerChanges,
    ControllerState,
    ForeignEntryError,
    deletion,
    refusals_of,
)
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, unseal
from api.vault.key_ledger import KeyLedger
from ledger_node.chain.port import SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import DECOY, Controllers, Signature, signature_to_json

_BY_ID: Final = select(table.subject).where(table.subject.c.id.in_(bindparam("subjects", expanding=True)))
_ENTRY: Final = table.subject_controllers.c
_PENDING: Final = _ENTRY.since.is_(None) & (_ENTRY.entry > 0)


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


class ControllerHistory:
    """All entries of the subjects of this instance, in step with the ledger."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger
        self._changes = ControllerChanges(store, ledger)

    @contextmanager
    def locked(self, subject: bytes) -> Iterator[ControllerState]:
        """Lock a subject's controllers, and give the current ones.

        Whatever counts by who controls a subject at that moment happens under this lock: grants, changes of
        consents, and changes of controllers.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ChainError: an earlier change cannot be finished now; nothing is lost.
        """
        with self._store.locks.lock("controllers", subject):
            for change in self._select((_ENTRY.subject == subject) & _PENDING):
                try:
                    self._changes.confirm_on_chain(change)
                except (ContractRevertError, ForeignEntryError) as error:
                    # it never will be; the subject must not wait for it, and nobody else hears of it
                    self._changes.refuse(change, error.reason)
            yield self.current(subject)

    @contextmanager
    def locked_or_decoy(self, subject: bytes) -> Iterator[Controllers]:
        """Lock a subject and give its current controllers; for an id of nobody do the same work, and give a decoy.

        Raises:
            ChainError: as ``locked``.
        """
        with ExitStack() as stack:
            controllers = DECOY
            with suppress(InvalidInputError):
                controllers = stack.enter_context(self.locked(subject)).controllers
            yield controllers

    def current(self, subject: bytes) -> ControllerState:
        """Return the newest controllers that are known to be on the ledger, or the first ones.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
        """
        known = [one for one in self.of(subject) if one.since is not None or one.entry == 0]
        if not known:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no such subject")
        return known[-1]

    def find_current(self, subject: bytes) -> Controllers | None:
        """Return the current controllers of a subject, erased or not, or None if there is no such subject."""
        with suppress(InvalidInputError):
            return self.current(subject).controllers
        return None

    def of(self, subject: bytes) -> list[ControllerState]:
        """Return all entries of a subject, in their order."""
        return self._select(_ENTRY.subject == subject)

    def refused(self, subject: bytes) -> list[dict[str, JSON]]:
        """Return the changes of a subject that were refused, the oldest first."""
        return refusals_of(self._store, subject)

    def add_first(self, connection: Connection, subject: bytes, controllers: Controllers) -> None:
        """Store the first controllers in the transaction that stores their subject; registering makes them count."""
        connection.execute(insert(table.subject_controllers).values(_row(subject, 0, controllers)))

    def confirm_first(self, subject: bytes) -> None:
        """Save since when a subject is registered on the ledger.

        Raises:
            ForeignEntryError: the ledger holds other controllers.
            ChainError: the ledger does not answer.
        """
        (first,) = self._select((_ENTRY.subject == subject) & (_ENTRY.entry == 0))
        self._changes.save_since(first, self._ledger.controller_entry(subject, 0))

    def append(
        self,
        current: ControllerState,
        controllers: Controllers,
        *,
        recovery: int | None = None,
        signatures: Sequence[Signature] = (),
    ) -> ControllerState:
        """Put ``controllers`` in the place of the ``current`` ones, under the subject's lock.

        Raises:
            ForeignEntryError: the ledger shows another entry there; the change is refused for good, and the firm told.
            ChainError: the ledger refuses, and nothing has changed; or it does not answer, and the change is finished
                by asking again, by the next act of the subject, or by itself.
        """
        entry = current.entry + 1
        self._store.write(
            insert(table.subject_controllers).values(
                _row(current.subject, entry, controllers)
                | {
                    "recovery": recovery,
                    "signatures": json.dumps([signature_to_json(signature) for signature in signatures]),
                }
            )
        )
        (change,) = self._select((_ENTRY.subject == current.subject) & (_ENTRY.entry == entry))
        try:
            self._changes.confirm_on_chain(change)
        except ForeignEntryError as error:
            self._changes.refuse(change, error.reason)
            raise
        except ContractRevertError:
            self._store.write(deletion(change))
            raise
        return self.current(current.subject)

    def waiting(self) -> list[bytes]:
        """Return the subjects of which changes are stored and not known to be on the ledger."""
        return self._store.scalars(select(_ENTRY.subject).where(_PENDING).distinct())

    def resume(self, subject: bytes) -> None:
        """Finish the changes of a subject that wait, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self.locked(subject):
            pass

    def _select(self, condition: ColumnElement[bool]) -> list[ControllerState]:
        query = select(table.subject_controllers).where(condition).order_by(_ENTRY.subject, _ENTRY.entry)
        return [_state(row) for row in self._store.rows(query)]


def _row(subject: bytes, entry: int, controllers: Controllers) -> dict[str, Any]:
    return {
        "subject": subject,
        "entry": entry,
        "controllers": json.dumps(controllers.to_json()),
        "commitment": controllers.commitment,
        "signatures": "[]",
    }


def _state(row: Any) -> ControllerState:  # noqa: ANN401 - a row of the table
    signatures = decode(row.signatures.encode())
    assert isinstance(signatures, list)  # noqa: S101 - written by append()
    controllers = Controllers.from_json(decode(row.controllers.encode()))
    return ControllerState(row.subject, row.entry, controllers, row.since, row.recovery, signatures)


@contextmanager
def unknown_to_strangers(unknown: VerificationError, *, is_party: bool) -> Iterator[None]:
    """Let a party hear what is wrong with its proof, and anybody else only ``unknown``."""
    try:
        yield
    except CredenceError:
        if is_party:
            raise
        raise unknown from None
