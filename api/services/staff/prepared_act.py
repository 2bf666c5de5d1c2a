"""What one person prepared and another one must release: kept until it is released or dropped."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from api.services.staff.person import StaffMember
from api.services.staff.release import Releases
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, StaffRelease
from ledger_node.randomness import random_bytes

_ID_BYTES: Final = 16
_HELD: Final = table.prepared_act.c


class PreparedState(StrEnum):
    """``WAITING`` for another person; ``RELEASED`` and ``DROPPED`` are for good."""

    WAITING = "waiting"
    RELEASED = "released"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class PreparedAct:
    """What is to be released. ``document``: all that it says, whose digest is signed."""

    id: bytes
    member: bytes
    act: StaffAct
    document: dict[str, JSON]
    prepared_by: bytes
    prepared_at: int
    state: PreparedState

    @classmethod
    def of_row(cls, row: Any) -> "PreparedAct":  # noqa: ANN401 - a row of the table
        """Return what a row of ``prepared_act`` holds."""
        state = PreparedState(row.state)
        return cls(
            row.id, row.member, StaffAct(row.act), json.loads(row.document), row.prepared_by, row.prepared_at, state
        )


class PreparedActs:
    """Keeps what waits for a second person."""

    def __init__(self, store: Store, releases: Releases) -> None:
        self._store = store
        self._releases = releases

    def prepare(self, by: StaffMember, act: StaffAct, document: dict[str, JSON], *, now: int) -> PreparedAct:
        """Keep what ``by`` prepared; whoever prepares the same again gets what waits already."""
        with self._store.begin() as connection:
            same = self._waiting(connection, by.member, act, document)
            if same is not None:
                return same
            prepared = PreparedAct(random_bytes(_ID_BYTES), by.member, act, document, by.id, now, PreparedState.WAITING)
            connection.execute(
                insert(table.prepared_act).values(
                    id=prepared.id,
                    member=prepared.member,
                    act=act.value,
                    document=json.dumps(document),
                    prepared_by=by.id,
                    prepared_at=now,
                    state=prepared.state.value,
                )
            )
        return prepared

    def draft_release(self, prepared: PreparedAct) -> StaffRelease:
        """Return what another person signs."""
        return self._releases.draft(prepared.member, prepared.act, prepared.document)

    def release(
        self, connection: Connection, by: StaffMember, prepared: bytes, number: int, assertion: Assertion, *, now: int
    ) -> PreparedAct:
        """Release what waits, in the transaction of what follows.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``release_not_waiting``, or as ``Releases.take``.
        """
        held = self._require(connection, by, prepared)
        draft = self.draft_release(held)
        release = StaffRelease(draft.member, draft.act, draft.content, number)
        self._releases.take(connection, release, assertion, by=by, prepared_by=held.prepared_by, now=now)
        self._set(connection, held, PreparedState.RELEASED)
        return held

    def drop(self, by: StaffMember, prepared: bytes) -> None:
        """Drop what waits; anybody who may prepare or release it may.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``release_not_waiting``.
        """
        with self._store.begin() as connection:
            self._set(connection, self._require(connection, by, prepared), PreparedState.DROPPED)

    def waiting(self, member: bytes, *acts: StaffAct) -> list[PreparedAct]:
        """Return what waits for a member, the oldest first."""
        wanted = (_HELD.member == member) & (_HELD.state == PreparedState.WAITING.value)
        query = select(table.prepared_act).where(wanted).order_by(_HELD.prepared_at)
        held = map(PreparedAct.of_row, self._store.rows(query))
        return [one for one in held if not acts or one.act in acts]

    def find(self, member: bytes, prepared: bytes) -> PreparedAct | None:
        """Return what was prepared for a member, in whatever state."""
        row = self._store.row(select(table.prepared_act).where(_HELD.id == prepared, _HELD.member == member))
        return None if row is None else PreparedAct.of_row(row)

    def _waiting(
        self, connection: Connection, member: bytes, act: StaffAct, document: dict[str, JSON]
    ) -> PreparedAct | None:
        wanted = (_HELD.member == member) & (_HELD.act == act.value) & (_HELD.state == PreparedState.WAITING.value)
        held = map(PreparedAct.of_row, connection.execute(select(table.prepared_act).where(wanted)))
        return next((one for one in held if one.document == document), None)

    def _require(self, connection: Connection, by: StaffMember, prepared: bytes) -> PreparedAct:
        query = select(table.prepared_act).where(_HELD.id == prepared, _HELD.member == by.member)
        row = connection.execute(query).first()
        if row is None:
            raise InvalidInputError(Reason.NOT_FOUND, "nothing of this kind was prepared")
        held = PreparedAct.of_row(row)
        if held.state is not PreparedState.WAITING:
            raise VerificationError(Reason.RELEASE_NOT_WAITING, f"this does not wait any more: it is {held.state}")
        return held

    @staticmethod
    def _set(connection: Connection, held: PreparedAct, state: PreparedState) -> None:
        connection.execute(update(table.prepared_act).where(_HELD.id == held.id).values(state=state.value))
