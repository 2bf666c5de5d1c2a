"""Subjects: a registrar binds a credit code to a subject id, which tells nothing, and its controllers."""

from contextlib import suppress
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.catalogue.datatype import data_types
from api.ingestion.row import Row
from api.services.issuing.issuer import Issuer
from api.services.issuing.row_classifier import Permission
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.registered_subject import Subject, SubjectReader
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import seal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from ledger_node.chain.port import SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.controller_act import subject_id as new_subject_id
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controller, Controllers
from ledger_node.randomness import random_bytes

_SECONDS_A_DAY: Final = 86_400
_REGISTRATIONS: Final = "registrations"


class SubjectService(SubjectReader):
    """Registers subjects for the registrar of this instance, and finds them again."""

    def __init__(
        self, store: Store, keys: KeyLedger, issuer: Issuer, ledger: SubjectLedger, history: ControllerHistory
    ) -> None:
        super().__init__(store, keys, issuer.department.kek)
        self._issuer = issuer
        self._ledger = ledger
        self._history = history

    def register(
        self, credit_code: str, keys: tuple[Controller, ...], threshold: int, *, now: int, waits: bool = False
    ) -> Subject:
        """Register a subject: on the ledger, as an attestation of the registrar, and in the store.

        Asking again with the current controllers returns the same subject, so a lost answer costs nothing. ``waits``:
        its first grant waits from now on, as after an enrolment, whose own row says so.

        Raises:
            InvalidInputError: ``subject_exists`` with other controllers, ``issuer_not_allowed``, ``quarantined``, or
                the controllers make no sense.
            ChainError: the ledger does not answer; asking again finishes it, and it goes on by itself.
                ``controllers_foreign`` or ``controllers_none_count``: of a firm that was registered before.
        """
        self._issuer.require_allowed(data_types()[SUBJECT_REGISTRATION].schema)
        wanted = Controllers(keys, threshold, random_bytes(32))
        index = self._kek.blind_index(credit_code)
        with self._store.locks.lock(_REGISTRATIONS):
            held = self.id_of(credit_code)
            if held is None:
                # another process may register the same firm in the same moment
                with suppress(IntegrityError):
                    self._add(credit_code, index, wanted, now, waits_since=now if waits else None)
            subject_id = held or self.id_of(credit_code)
            assert subject_id is not None  # noqa: S101 - this or the other process added it
            self._require_controlled_by(subject_id, wanted)
            self._finish(subject_id, now)
        found = self.find(subject_id)
        if found is None:
            raise InvalidInputError(
                self.why_unknown(subject_id),
                "the ledger calls the registration of this firm erased; the operator decides first whether it is",
            )
        return found

    def _require_controlled_by(self, subject_id: bytes, wanted: Controllers) -> None:
        with self._history.locked(subject_id) as current:
            if not current.controllers.same_signers(wanted):
                raise InvalidInputError(
                    Reason.SUBJECT_EXISTS, "this firm is registered already, with other controllers"
                )

    def _add(
        self, credit_code: str, index: bytes, controllers: Controllers, now: int, *, waits_since: int | None
    ) -> None:
        registrar, salt, key_id = self._issuer.department.member, random_bytes(32), random_bytes(KEY_ID_BYTES)
        # the id is the ledger's own computation, so no other registrar can take it first
        subject_id = new_subject_id(self._ledger.subject_domain, registrar, controllers.commitment, salt)
        key, wrapped = self._kek.new_data_key()
        self._keys.put({key_id: wrapped})
        with self._store.begin() as connection:
            connection.execute(
                insert(table.subject).values(
                    id=subject_id,
                    registrar=registrar,
                    salt=salt,
                    subject_index=index,
                    as_of=now // _SECONDS_A_DAY,
                    waits_since=waits_since,
                    data_key=key_id,
                    sealed=seal(key, credit_code.encode(), subject_id),
                )
            )
            self._history.add_first(connection, subject_id, controllers)

    def waiting(self) -> list[bytes]:
        """Return subjects whose registration is stored and not finished; those that were erased never will be."""
        pending = select(table.subject.c.id, table.subject.c.data_key).where(table.subject.c.registration.is_(None))
        rows = self._store.rows(pending)
        known = self._keys.get({row.data_key for row in rows}) if rows else {}
        return [row.id for row in rows if row.data_key in known]

    def resume(self, subject_id: bytes, now: int) -> None:
        """Finish a registration that is stored, or close it as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.locks.lock(_REGISTRATIONS):
            self._finish(subject_id, now)

    def _finish(self, subject_id: bytes, now: int) -> None:
        row = self._store.row(select(table.subject).where(table.subject.c.id == subject_id))
        if row is None or row.registration is not None:
            return
        try:
            self._ledger.register_subject(self._history.first(subject_id).controllers.commitment, row.salt)
        except ContractRevertError as error:
            # an earlier try of ours had landed: the id is of this registrar, set and salt
            if error.reason is not Reason.SUBJECT_EXISTS:
                raise
        self._history.confirm_first(subject_id)
        data_type = data_types()[SUBJECT_REGISTRATION]
        code = self.credit_code(row)
        values = data_type.schema.parse_values({"subject_id": to_hex(subject_id)})
        registration = Row(1, code, data_type.period.rolling(row.as_of), row.as_of, values)
        try:
            # who registers says that this is right now, also for a firm that was erased
            permission = Permission(corrects=True, restores=True)
            self._issuer.issue(data_type, [registration], now=now, permission=permission)
        except InvalidInputError as error:
            # what is stored waits until the council allows it again
            raise ChainError(error.reason, error.message) from error
        held = table.attestation
        newest = (
            select(held.c.digest)
            .where(
                held.c.member == self._issuer.department.member,
                held.c.schema == SUBJECT_REGISTRATION,
                held.c.subject_index == row.subject_index,
                held.c.live == 1,
            )
            .order_by(held.c.period_last.desc())
            .limit(1)
        )
        with self._store.begin() as connection:
            digest = connection.execute(newest).scalar_one()
            connection.execute(
                update(table.subject).where(table.subject.c.id == subject_id).values(registration=digest)
            )
