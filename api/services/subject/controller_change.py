"""Changes of a subject's controllers: stored before they are sent, and then seen on the ledger or refused for good.

The SubjectRegistry takes entries of every registrar. Where it shows one that this instance did not send, a change
that was stored here can never become that entry. It must not wait for ever, since its subject would wait with it. So
it is deleted, stored as refused with its reason, and told.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, Delete, delete, insert, select, update

from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ControllerEntry, SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

_ENTRY: Final = table.subject_controllers.c
_SECOND_S: Final = 1.0


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
    *deletes: Delete,
    recipient: bytes | None = None,
) -> None:
    """Delete a change, store its refusal, and tell the firm, in one transaction.

    ``deletes``: where the last one finds nothing, the change was gone, and nothing is told. ``recipient``: who is told
    in place of the firm.

    Raises:
        ChainError: the ledger does not say what time it is.
    """
    at = ledger.head().time
    with store.begin() as connection:
        if [connection.execute(delete).rowcount for delete in deletes][-1]:
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


def refusals_of(store: Store, subject: bytes) -> list[dict[str, JSON]]:
    """Return what was refused of a subject, the oldest first."""
    held = table.subject_refusal.c
    return [
        RefusedChange(row.subject, ChangeKind(row.kind), row.number, row.commitment, Reason(row.reason)).to_json()
        | {"time": row.time}
        for row in store.rows(select(table.subject_refusal).where(held.subject == subject).order_by(held.time))
    ]


@dataclass(frozen=True, slots=True)
class ControllerState:
    """An entry of a subject's controllers. ``since``: block time, None while it is not known to be on the ledger.

    ``recovery``: the number of the recovery that it completed. ``signatures``: those on a rotation, as JSON.
    """

    subject: bytes
    entry: int
    controllers: Controllers
    since: int | None
    recovery: int | None
    signatures: Sequence[JSON] = field(repr=False)

    def to_json(self) -> dict[str, JSON]:
        """Return what the subject and the registrar see."""
        by = "registration" if self.entry == 0 else "rotation" if self.recovery is None else "recovery"
        return {
            "entry": self.entry,
            "since": self.since,
            "by": by,
            "recovery": self.recovery,
            "controllers": self.controllers.to_json(),
            "commitment": to_hex(self.controllers.commitment),
            "signatures": self.signatures,
        }


class ControllerChanges:
    """Brings changes that are stored to the ledger, one at a time for a subject, under its lock."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger

    def confirm_on_chain(self, change: ControllerState) -> None:
        """See to it that a change is on the ledger.

        Raises:
            ForeignEntryError: the ledger has another entry in its place.
            ContractRevertError: the ledger refuses it.
            ChainError: the ledger does not answer.
        """
        held = self._ledger.controller_entry(change.subject, change.entry)
        if held is None:
            # a consent of this very second would be judged by the new controllers
            time.sleep(_SECOND_S)
            try:
                self._send(change)
            except ContractRevertError:
                # unless an earlier try had landed after all, it never will
                held = self._ledger.controller_entry(change.subject, change.entry)
                if held is None:
                    raise
            else:
                held = self._ledger.controller_entry(change.subject, change.entry)
        if held is not None and held.commitment != change.controllers.commitment:
            change, held = self._behind(change)
        self.save_since(change, held)

    def _behind(self, change: ControllerState) -> tuple[ControllerState, ControllerEntry | None]:
        """Return a change as the entry that it became behind those of others that were faster.

        Raises:
            ForeignEntryError: it became none, and never will.
            ChainError: it is on its way, or the ledger does not answer.
        """
        if self._ledger.is_on_way(change.subject):
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")
        entry = change.entry + 1
        while (held := self._ledger.controller_entry(change.subject, entry)) is not None:
            if held.commitment == change.controllers.commitment:
                self._store.write(update(table.subject_controllers).where(_is_pending(change)).values(entry=entry))
                return replace(change, entry=entry), held
            entry += 1
        raise ForeignEntryError

    def _send(self, change: ControllerState) -> None:
        if change.recovery is None:
            self._ledger.rotate(change.subject, change.controllers.commitment)
        else:
            self._ledger.complete_recovery(change.subject, change.recovery)

    def save_since(self, change: ControllerState, held: ControllerEntry | None) -> None:
        """Save since when the ledger holds an entry, which it shows as ``held``.

        Raises:
            ForeignEntryError: it is another entry.
            ChainError: the ledger does not show it yet.
        """
        if held is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show these controllers yet; ask again")
        if held.commitment != change.controllers.commitment:
            raise ForeignEntryError
        self._store.write(
            update(table.subject_controllers)
            .where(_ENTRY.subject == change.subject, _ENTRY.entry == change.entry)
            .values(since=held.since)
        )

    def refuse(self, change: ControllerState, reason: Reason) -> None:
        """Delete a change that the ledger will never hold, and tell the firm why."""
        kind = ChangeKind.ROTATION if change.recovery is None else ChangeKind.RECOVERY
        refused = RefusedChange(change.subject, kind, change.entry, change.controllers.commitment, reason)
        close_refused(self._store, self._ledger, refused, deletion(change))


def _is_pending(change: ControllerState) -> ColumnElement[bool]:
    return (_ENTRY.subject == change.subject) & (_ENTRY.entry == change.entry) & _ENTRY.since.is_(None)


def deletion(change: ControllerState) -> Delete:
    """Return what deletes a change, unless it is known to be on the ledger."""
    return delete(table.subject_controllers).where(_is_pending(change))
