"""Changes of a subject's controllers: stored before they are sent, and then seen on the ledger or refused for good.

Each is of one entry of its subject, which the ledger gives once. Where the ledger shows another entry there, or refuses
the change, it can never become that entry. It must not wait for ever, since its subject would wait with it. So it is
deleted, stored as refused with its reason, and told.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Delete, delete, insert, select, update

from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.controller_act import Rotation
from ledger_node.domain.controller_entry import ControllerEntry, EntryKind
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, Signature, signature_from_json, signature_to_json

_ENTRY: Final = table.subject_controllers.c
_SECOND_S: Final = 1.0
_BY: Final = {
    EntryKind.REGISTERED: "registration",
    EntryKind.ROTATED: "rotation",
    EntryKind.RECOVERED: "recovery",
}


class ChangeKind(StrEnum):
    """What was to change."""

    ROTATION = "rotation"
    RECOVERY = "recovery"


class ForeignEntryError(ChainError):
    """The ledger shows an entry of a subject whose controllers this instance does not know: ``controllers_foreign``."""

    def __init__(self) -> None:
        super().__init__(
            Reason.CONTROLLERS_FOREIGN,
            "the ledger shows controllers of this firm that this instance does not know; show them to it",
        )


class NoneCountsError(ChainError):
    """Every entry of a subject rests on a compromised key: ``controllers_none_count``."""

    def __init__(self) -> None:
        super().__init__(
            Reason.CONTROLLERS_NONE_COUNT,
            "every entry of this firm rests on a registrar's key that is compromised; ask for a recovery",
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


def close_refused(store: Store, ledger: SubjectLedger, change: RefusedChange, *deletes: Delete) -> None:
    """Delete a change, store its refusal, and tell the firm, in one transaction.

    ``deletes``: where the last one finds nothing, the change was gone, and nothing is told.

    Raises:
        ChainError: the ledger does not say what time it is.
    """
    at = ledger.head().time
    with store.begin() as connection:
        if [connection.execute(delete).rowcount for delete in deletes][-1]:
            _store_refusal(connection, change, at)
            notice = Notice(change.subject, NoticeKind.CHANGE_REFUSED, at, change.to_json())
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

    ``recovery``: the number of the recovery that it completed. ``signatures``, ``deadline``: those of a rotation.
    ``lines``: what its signers read on a page.
    """

    subject: bytes
    entry: int
    controllers: Controllers
    since: int | None = None
    recovery: int | None = None
    signatures: tuple[Signature, ...] = field(repr=False, default=())
    deadline: int | None = None
    lines: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Any) -> "ControllerState":  # noqa: ANN401 - a row of the table
        """Return what a row of ``subject_controllers`` holds."""
        signatures = decode(row.signatures.encode())
        assert isinstance(signatures, list)  # noqa: S101 - written by ControllerHistory.append
        return cls(
            row.subject,
            row.entry,
            Controllers.from_json(decode(row.controllers.encode())),
            row.since,
            row.recovery,
            tuple(signature_from_json(one) for one in signatures),
            row.deadline,
            tuple(json.loads(row.lines)) if row.lines else (),
        )

    @property
    def rotation(self) -> Rotation:
        """What the retiring controllers signed, of a rotation."""
        assert self.deadline is not None  # noqa: S101 - a rotation has one
        return Rotation(self.subject, self.entry, self.controllers, self.deadline, self.lines)

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
            "signatures": [signature_to_json(signature) for signature in self.signatures],
        }


class ControllerChanges:
    """Brings changes that are stored to the ledger, one at a time for a subject, under its lock."""

    def __init__(self, store: Store, ledger: SubjectLedger) -> None:
        self._store = store
        self._ledger = ledger

    def confirm_on_chain(self, change: ControllerState, known: Sequence[ControllerState]) -> None:
        """See to it that a change is on the ledger. ``known``: the entries of its subject, of which one retires.

        Raises:
            ForeignEntryError: the ledger has another entry in its place, or in force before it.
            ContractRevertError: the ledger refuses it.
            VerificationError: those who are in force did not sign it.
            ChainError: the ledger does not answer.
        """
        held = self._ledger.controller_entry(change.subject, change.entry)
        if held is None:
            # a consent of this very second would be judged by the new controllers
            time.sleep(_SECOND_S)
            try:
                self._send(change, known)
            except (ContractRevertError, ForeignEntryError, VerificationError):
                # unless an earlier try had landed after all, it never will
                held = self._ledger.controller_entry(change.subject, change.entry)
                if held is None:
                    raise
            else:
                held = self._ledger.controller_entry(change.subject, change.entry)
        self.save_since(change, held)

    def _send(self, change: ControllerState, known: Sequence[ControllerState]) -> None:
        if change.recovery is not None:
            self._ledger.complete_recovery(change.subject, change.recovery)
            return
        retiring = find_known(known, self._ledger.current_entry(change.subject))
        self._ledger.rotate(change.rotation, retiring.controllers, change.signatures)

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
            # the lines hold names, and nobody needs them here once the ledger has what was signed
            .values(since=held.since, lines=None)
        )

    def refuse(self, change: ControllerState, reason: Reason) -> None:
        """Delete a change that the ledger will never hold, and tell the firm why."""
        kind = ChangeKind.ROTATION if change.recovery is None else ChangeKind.RECOVERY
        refused = RefusedChange(change.subject, kind, change.entry, change.controllers.commitment, reason)
        close_refused(self._store, self._ledger, refused, deletion(change))


def unknown_to_json(held: tuple[int, ControllerEntry] | None) -> dict[str, JSON]:
    """Return what the subject and the registrar see of an entry in force whose controllers are not known here.

    ``held``: the entry as the ledger shows it, or None where none counts.
    """
    unknown: dict[str, JSON] = {"recovery": None, "controllers": None, "signatures": []}
    if held is None:
        return {"entry": None, "since": None, "by": None, "commitment": None, **unknown}
    index, entry = held
    return {
        "entry": index,
        "since": entry.since,
        "by": _BY[entry.kind],
        "commitment": to_hex(entry.commitment),
        **unknown,
    }


def find_known(known: Sequence[ControllerState], held: tuple[int, ControllerEntry] | None) -> ControllerState:
    """Return the one of the ``known`` entries that the ledger shows in force.

    Raises:
        NoneCountsError: it shows none.
        ForeignEntryError: none of them is.
    """
    if held is None:
        raise NoneCountsError
    index, entry = held
    for state in known:
        if state.entry == index and state.controllers.commitment == entry.commitment:
            return state
    raise ForeignEntryError


def deletion(change: ControllerState) -> Delete:
    """Return what deletes a change, unless it is known to be on the ledger."""
    waiting = (_ENTRY.subject == change.subject) & (_ENTRY.entry == change.entry) & _ENTRY.since.is_(None)
    return delete(table.subject_controllers).where(waiting)
