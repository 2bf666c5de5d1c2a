"""Changes of a subject that the ledger will never hold: each is deleted, stored as refused with its reason, and told.

The SubjectRegistry takes entries of every registrar. Where it shows one that this instance did not send, a change
that was stored here can never become that entry. It must not wait for ever, since its subject would wait with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason


class ChangeKind(StrEnum):
    """What was to change."""

    REGISTRATION = "registration"
    ROTATION = "rotation"
    RECOVERY = "recovery"


class ForeignEntryError(ChainError):
    """The ledger shows an entry of a subject that this instance did not send: ``controllers_foreign``."""

    def __init__(self) -> None:
        super().__init__(
            Reason.CONTROLLERS_FOREIGN,
            "the ledger shows a change of this firm's controllers that this instance did not send",
        )


@dataclass(frozen=True, slots=True)
class RefusedChange:
    """A change that is refused. ``number``: of the entry that it should have become, or of the recovery."""

    subject: bytes
    kind: ChangeKind
    number: int
    commitment: bytes
    reason: Reason

    def to_json(self) -> dict[str, JSON]:
        """Return what is told of it."""
        return {
            "subject": to_hex(self.subject),
            "change": self.kind.value,
            "number": self.number,
            "commitment": to_hex(self.commitment),
            "reason": self.reason.value,
        }


def close_refused(
    store: Store,
    ledger: SubjectLedger,
    change: RefusedChange,
    delete: Callable[[Connection], bool],
    *,
    recipient: bytes | None = None,
) -> None:
    """Delete a change, store its refusal, and tell the firm, in one transaction.

    ``delete`` returns whether the change was still there; if not, nothing is told. ``recipient``: who is told in place
    of the firm.

    Raises:
        ChainError: the ledger does not say what time it is.
    """
    at = ledger.head().time
    with store.begin() as connection:
        if delete(connection):
            _store_refusal(connection, change, at)
            notice = Notice(recipient or change.subject, NoticeKind.CHANGE_REFUSED, at, change.to_json())
            write_notices(connection, [notice])


def _store_refusal(connection: Connection, change: RefusedChange, time: int) -> None:
    held = table.subject_refusal.c
    known = (held.subject == change.subject) & (held.kind == change.kind.value) & (held.number == change.number)
    query = select(held.reason).where(known, held.commitment == change.commitment)
    if connection.execute(query).first() is None:
        connection.execute(
            insert(table.subject_refusal).values(
                subject=change.subject,
                kind=change.kind.value,
                number=change.number,
                commitment=change.commitment,
                reason=change.reason.value,
                time=time,
            )
        )


def refusals_of(connection: Connection, subject: bytes) -> list[dict[str, JSON]]:
    """Return what was refused of a subject, the oldest first."""
    held = table.subject_refusal.c
    rows = connection.execute(select(table.subject_refusal).where(held.subject == subject).order_by(held.time)).all()
    return [
        RefusedChange(row.subject, ChangeKind(row.kind), row.number, row.commitment, Reason(row.reason)).to_json()
        | {"time": row.time}
        for row in rows
    ]
