"""The end of a firm's registration, by two people of its registrar: for a firm none of whose signers can act any more.

The registrar's attestation of the firm is revoked and its keys go. No consent of the firm is answered from then on,
wherever a bank asks, because each answer needs the attestation. The firm can be registered anew, under another id.

The release is stored first, with its signature. What follows is done again after a kill until the firm is gone.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, delete, select, update

from api.services.staff.person import StaffMember
from api.services.staff.prepared_act import PreparedAct, PreparedActs, PreparedState
from api.services.staff.role import StaffRole
from api.services.subject.registered_subject import Subject, SubjectReader
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct

_HELD: Final = table.prepared_act.c


class EndedRegistrations:
    """Ends registrations. ``erase``: revokes and erases the registration of a credit code."""

    def __init__(
        self, store: Store, subjects: SubjectReader, prepared: PreparedActs, erase: Callable[[str], object]
    ) -> None:
        self._store = store
        self._subjects = subjects
        self._prepared = prepared
        self._erase = erase

    def prepare(self, by: StaffMember, subject: bytes, *, now: int) -> PreparedAct:
        """Prepare the end of a firm's registration as a clerk; an approver releases it.

        Raises:
            InvalidInputError: ``not_found``; no such firm is registered here.
            VerificationError: ``not_allowed``.
        """
        by.require(StaffRole.CLERK)
        return self._prepared.prepare(by, StaffAct.END_SUBJECT, _document(self._require(subject).id), now=now)

    def find_waiting(self, member: bytes, subject: bytes) -> PreparedAct | None:
        """Return what waits for an approver about this firm."""
        waiting = self._prepared.waiting(member, StaffAct.END_SUBJECT)
        return next((one for one in waiting if one.document == _document(subject)), None)

    def release(self, by: StaffMember, subject: bytes, number: int, assertion: Assertion, *, now: int) -> None:
        """Release the end as another person, and end the registration.

        Raises:
            InvalidInputError: ``not_found``; nobody prepared it.
            VerificationError: ``not_allowed``, ``release_by_preparer``, or the passkey did not sign this.
            ChainError: the ledger does not answer; it is released, and goes on by itself.
        """
        prepared = self.find_waiting(by.member, subject)
        if prepared is None:
            raise InvalidInputError(Reason.NOT_FOUND, "nobody prepared the end of this registration")
        with self._store.begin() as connection:
            self._prepared.release(connection, by, prepared.id, number, assertion, now=now)
            _end_sign_in(connection, subject, now)
        self.resume(subject)

    def waiting(self) -> list[bytes]:
        """Return firms whose end is released and whose registration is still there."""
        wanted = (_HELD.act == StaffAct.END_SUBJECT.value) & (_HELD.state == PreparedState.RELEASED.value)
        released = [PreparedAct.of_row(row) for row in self._store.rows(select(table.prepared_act).where(wanted))]
        subjects = [bytes.fromhex(str(one.document["subject"]).removeprefix("0x")) for one in released]
        return list(self._subjects.find_all(subjects)) if subjects else []

    def resume(self, subject: bytes) -> None:
        """End a registration whose end is released; asking again changes nothing.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        held = self._subjects.find(subject)
        if held is not None:
            self._erase(held.credit_code)

    def _require(self, subject: bytes) -> Subject:
        held = self._subjects.find(subject)
        if held is None:
            raise InvalidInputError(Reason.NOT_FOUND, "no such firm is registered here", field="subject")
        return held


def _document(subject: bytes) -> dict[str, JSON]:
    return {"subject": to_hex(subject)}


def _end_sign_in(connection: Connection, subject: bytes, now: int) -> None:
    """End the passkeys and sessions of a firm at this instance, so that nobody grants anything in between."""
    credential, session = table.credential, table.session
    live = (credential.c.owner == subject) & credential.c.ended_at.is_(None)
    connection.execute(update(credential).where(live).values(ended_at=now))
    connection.execute(delete(session).where(session.c.owner == subject))
