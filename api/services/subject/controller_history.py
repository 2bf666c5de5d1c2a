"""The controllers of subjects: who signs for each of them, now and at any time before.

The SubjectRegistry orders commitments; the store holds what was committed to. A change of controllers is durable
before it is sent, and nothing else happens to its subject before it is known whether it is on the ledger.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from api.services.subject.refusal import ChangeKind, ForeignEntryError, RefusedChange, close_refused, refusals_of
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ControllerEntry, Ledger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import DECOY, Controllers, Signature, signature_to_json

_SECOND_S: Final = 1.0


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


class ControllerHistory:
    """Keeps every entry of the subjects of this instance, in step with the ledger."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    @contextmanager
    def turn(self, subject: bytes) -> Iterator[ControllerState]:
        """Hold a subject's controllers still, and give the present ones.

        Whatever counts by who controls a subject at that moment happens within its turn: grants, changes of
        consents, and changes of controllers.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
            ChainError: a change that was begun cannot be finished now; nothing is lost.
        """
        with self._store.locks.lock("controllers", subject):
            for begun in self._select((_ENTRY.subject == subject) & _BEGUN):
                try:
                    self._settle(begun)
                except (ContractRevertError, ForeignEntryError) as error:
                    # it never will be; the subject must not wait for it, and nobody else hears of it
                    self._refuse(begun, error.reason)
            yield self.present(subject)

    @contextmanager
    def turn_or_decoy(self, subject: bytes) -> Iterator[Controllers]:
        """Give the present controllers of a subject within its turn; for an id of nobody the same work, and a decoy.

        Raises:
            ChainError: as ``turn``.
        """
        with ExitStack() as stack:
            controllers = DECOY
            with suppress(InvalidInputError):
                controllers = stack.enter_context(self.turn(subject)).controllers
            yield controllers

    def present(self, subject: bytes) -> ControllerState:
        """Return the newest controllers that are known to be on the ledger, or the first ones.

        Raises:
            InvalidInputError: ``not_found``; there is no such subject.
        """
        known = [one for one in self.of(subject) if one.since is not None or one.entry == 0]
        if not known:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no such subject")
        return known[-1]

    def known(self, subject: bytes) -> Controllers | None:
        """Return the present controllers of a subject, erased or not, or None if there is no such subject."""
        with suppress(InvalidInputError):
            return self.present(subject).controllers
        return None

    def of(self, subject: bytes) -> list[ControllerState]:
        """Return all entries of a subject, in their order."""
        return self._select(_ENTRY.subject == subject)

    def refused(self, subject: bytes) -> list[dict[str, JSON]]:
        """Return what was begun for a subject and closed as refused, the oldest first."""
        with self._store.connect() as connection:
            return refusals_of(connection, subject)

    def begin(self, connection: Connection, subject: bytes, controllers: Controllers) -> None:
        """Store the first controllers in the transaction that stores their subject; registering makes them count."""
        connection.execute(insert(table.subject_controllers).values(_row(subject, 0, controllers)))

    def note_first(self, subject: bytes) -> None:
        """Note that a subject is registered on the ledger.

        Raises:
            ForeignEntryError: the ledger holds other controllers.
            ChainError: the ledger does not answer.
        """
        (first,) = self._select((_ENTRY.subject == subject) & (_ENTRY.entry == 0))
        self._note(first, self._ledger.controller_entry(subject, 0))

    def append(
        self,
        present: ControllerState,
        controllers: Controllers,
        *,
        recovery: int | None = None,
        signatures: Sequence[Signature] = (),
    ) -> ControllerState:
        """Put ``controllers`` in the place of the ``present`` ones, within the subject's turn.

        Raises:
            ForeignEntryError: the ledger shows another entry there; the change is refused for good, and the firm told.
            ChainError: the ledger refuses, and nothing has changed; or it does not answer, and the change is finished
                by asking again, by the next act of the subject, or by itself.
        """
        entry = present.entry + 1
        with self._store.begin() as connection:
            connection.execute(
                insert(table.subject_controllers).values(
                    _row(present.subject, entry, controllers)
                    | {
                        "recovery": recovery,
                        "signatures": json.dumps([signature_to_json(signature) for signature in signatures]),
                    }
                )
            )
        (begun,) = self._select((_ENTRY.subject == present.subject) & (_ENTRY.entry == entry))
        try:
            self._settle(begun)
        except ForeignEntryError as error:
            self._refuse(begun, error.reason)
            raise
        except ContractRevertError:
            with self._store.begin() as connection:
                _forget(connection, begun)
            raise
        return self.present(present.subject)

    def waiting(self) -> list[bytes]:
        """Return the subjects of which changes were begun and are not known to be on the ledger."""
        query = select(_ENTRY.subject).where(_BEGUN).distinct()
        with self._store.connect() as connection:
            return list(connection.execute(query).scalars())

    def resume(self, subject: bytes) -> None:
        """Finish the changes of a subject that were begun, or close them as refused.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self.turn(subject):
            pass

    def _settle(self, begun: ControllerState) -> None:
        """See to it that a change is on the ledger.

        Raises:
            ForeignEntryError: the ledger has another entry in its place.
            ContractRevertError: the ledger refuses it.
            ChainError: the ledger does not answer.
        """
        held = self._ledger.controller_entry(begun.subject, begun.entry)
        if held is None:
            # a consent of this very second would be judged by the new controllers
            time.sleep(_SECOND_S)
            try:
                self._send(begun)
            except ContractRevertError:
                # unless an earlier try had landed after all, it never will
                held = self._ledger.controller_entry(begun.subject, begun.entry)
                if held is None:
                    raise
            else:
                held = self._ledger.controller_entry(begun.subject, begun.entry)
        if held is not None and held.commitment != begun.controllers.commitment:
            begun, held = self._behind(begun)
        self._note(begun, held)

    def _behind(self, begun: ControllerState) -> tuple[ControllerState, ControllerEntry | None]:
        """Return a change as the entry that it became behind those of others that were faster.

        Raises:
            ForeignEntryError: it became none, and never will.
            ChainError: it is on its way, or the ledger does not answer.
        """
        if self._ledger.is_on_way(begun.subject):
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")
        entry = begun.entry + 1
        while (held := self._ledger.controller_entry(begun.subject, entry)) is not None:
            if held.commitment == begun.controllers.commitment:
                moved = update(table.subject_controllers).where(_is_begun(begun)).values(entry=entry)
                with self._store.begin() as connection:
                    connection.execute(moved)
                return replace(begun, entry=entry), held
            entry += 1
        raise ForeignEntryError

    def _send(self, begun: ControllerState) -> None:
        if begun.recovery is None:
            self._ledger.rotate(begun.subject, begun.controllers.commitment)
        else:
            self._ledger.complete_recovery(begun.subject, begun.recovery)

    def _note(self, begun: ControllerState, held: ControllerEntry | None) -> None:
        if held is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show these controllers yet; ask again")
        if held.commitment != begun.controllers.commitment:
            raise ForeignEntryError
        with self._store.begin() as connection:
            connection.execute(
                update(table.subject_controllers)
                .where(_ENTRY.subject == begun.subject, _ENTRY.entry == begun.entry)
                .values(since=held.since)
            )

    def _refuse(self, begun: ControllerState, reason: Reason) -> None:
        """Take back what was begun, and tell the firm why."""
        kind = ChangeKind.ROTATION if begun.recovery is None else ChangeKind.RECOVERY
        change = RefusedChange(begun.subject, kind, begun.entry, begun.controllers.commitment, reason)
        at = self._ledger.head().time
        with self._store.begin() as connection:
            if _forget(connection, begun):
                close_refused(connection, change, time=at)

    def _select(self, condition: ColumnElement[bool]) -> list[ControllerState]:
        query = select(table.subject_controllers).where(condition).order_by(_ENTRY.subject, _ENTRY.entry)
        with self._store.connect() as connection:
            return [_control(row) for row in connection.execute(query)]


_ENTRY: Final = table.subject_controllers.c
_BEGUN: Final = _ENTRY.since.is_(None) & (_ENTRY.entry > 0)


def _is_begun(begun: ControllerState) -> ColumnElement[bool]:
    return (_ENTRY.subject == begun.subject) & (_ENTRY.entry == begun.entry) & _ENTRY.since.is_(None)


def _forget(connection: Connection, begun: ControllerState) -> bool:
    """Forget a change that was begun, and return whether it was there."""
    return connection.execute(delete(table.subject_controllers).where(_is_begun(begun))).rowcount > 0


def _row(subject: bytes, entry: int, controllers: Controllers) -> dict[str, Any]:
    return {
        "subject": subject,
        "entry": entry,
        "controllers": json.dumps(controllers.to_json()),
        "commitment": controllers.commitment,
        "signatures": "[]",
    }


def _control(row: Any) -> ControllerState:  # noqa: ANN401 - a row of the table
    signatures = decode(row.signatures.encode())
    assert isinstance(signatures, list)  # noqa: S101 - written by append()
    controllers = Controllers.from_json(decode(row.controllers.encode()))
    return ControllerState(row.subject, row.entry, controllers, row.since, row.recovery, signatures)
