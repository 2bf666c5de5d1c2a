"""Keys in quarantine: what only the ledger calls erased stays, and opens nothing until the operator decides.

A thief with a department's signing key can say on the ledger that everything is erased; deleting on that word would do
the thief's work. So such a change is noted here with the keys that it is about: they are there, they are copied, and
whoever asks for one gets none. The operator confirms the change, and they are erased, or dismisses it, and they open
again what they sealed. A change that was decided about is not taken in again. If the council has cleared on the ledger
what the change said, the keys are released, since nothing calls them erased any more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from api.storage import table
from api.storage.database import IDS, Store, chunks, rows_among
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CHANGE: Final = table.quarantine.c
_HIDDEN: Final = table.quarantined_key.c
_FIND: Final = select(_HIDDEN.id).where(_HIDDEN.id.in_(IDS))


class QuarantineState(StrEnum):
    """What the operator decided about a change."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A change on the ledger, as it was found. ``key``: who signed it; ``keys``: how many keys are in quarantine."""

    number: int
    member: bytes
    transaction: bytes
    block: int
    block_time: int
    key: bytes | None
    state: QuarantineState = QuarantineState.OPEN
    keys: int = 0

    def columns(self) -> dict[str, Any]:
        """Return what is stored of it. How many keys there are, these say themselves."""
        return {
            "number": self.number,
            "member": self.member,
            "transaction": self.transaction,
            "block": self.block,
            "block_time": self.block_time,
            "key": self.key,
            "state": self.state.value,
        }


class Quarantines:
    """The quarantines of a key ledger, whose ``database`` this is."""

    def __init__(self, database: Store) -> None:
        self._database = database

    def all(self) -> list[Quarantine]:
        """Return all that there ever were, in their order."""
        with self._database.connect() as connection:
            return self.read(connection)

    @staticmethod
    def read(connection: Connection) -> list[Quarantine]:
        """Return all that there ever were, in their order."""
        counted = select(_HIDDEN.quarantine, func.count().label("keys")).group_by(_HIDDEN.quarantine).subquery()
        joined = table.quarantine.outerjoin(counted, counted.c.quarantine == _CHANGE.number)
        query = select(table.quarantine, func.coalesce(counted.c["keys"], 0).label("held")).select_from(joined)
        return [
            Quarantine(
                row.number,
                row.member,
                row.transaction,
                row.block,
                row.block_time,
                row.key,
                QuarantineState(row.state),
                row.held,
            )
            for row in connection.execute(query.order_by(_CHANGE.number)).all()
        ]

    def count_open(self) -> int:
        """Return how many changes wait for the operator."""
        with self._database.connect() as connection:
            waits = (_CHANGE.state == QuarantineState.OPEN.value) & exists().where(_HIDDEN.quarantine == _CHANGE.number)
            count = select(func.count()).select_from(table.quarantine).where(waits)
            return connection.execute(count).scalar_one()

    def hidden(self, ids: Collection[bytes]) -> set[bytes]:
        """Return those of ``ids`` whose keys are in quarantine."""
        with self._database.connect() as connection:
            return _hidden(connection, ids)

    def open(self, found: Quarantine, ids: Collection[bytes]) -> Quarantine | None:
        """Put keys into quarantine for a change, or return None for one that is decided. Its number is given here.

        Several changes of one transaction are one here.
        """
        with self._database.begin() as connection:
            mine = (_CHANGE.member == found.member) & (_CHANGE.transaction == found.transaction)
            known = connection.execute(select(_CHANGE.number, _CHANGE.state).where(mine)).first()
            if known is not None and known.state != QuarantineState.OPEN.value:
                return None
            if known is None:
                number = (connection.execute(select(func.max(_CHANGE.number))).scalar_one() or 0) + 1
                connection.execute(insert(table.quarantine), replace(found, number=number).columns())
            else:
                number = known.number
            taken = _hidden(connection, ids)
            rows = [{"id": key_id, "quarantine": number} for key_id in dict.fromkeys(ids) if key_id not in taken]
            if rows:
                connection.execute(insert(table.quarantined_key), rows)
            connection.execute(update(table.key_ledger).values(version=table.key_ledger.c.version + 1))
        return self.named(number)

    def release(self, ids: Collection[bytes]) -> int:
        """Let those of ``ids`` open again that wait for the operator, and return how many there were.

        A change of which no key is left in quarantine is dismissed.
        """
        with self._database.begin() as connection:
            waits = select(_CHANGE.number).where(_CHANGE.state == QuarantineState.OPEN.value)
            found = rows_among(
                connection, select(table.quarantined_key).where(_HIDDEN.id.in_(IDS), _HIDDEN.quarantine.in_(waits)), ids
            )
            held = {row.id: row.quarantine for row in found}
            if not held:
                return 0
            for some in chunks(list(held)):
                connection.execute(delete(table.quarantined_key).where(_HIDDEN.id.in_(some)))
            for number in sorted(set(held.values())):
                left = connection.execute(select(_HIDDEN.id).where(_HIDDEN.quarantine == number).limit(1)).first()
                if left is None:
                    mine = update(table.quarantine).where(_CHANGE.number == number)
                    connection.execute(mine.values(state=QuarantineState.DISMISSED.value))
            connection.execute(update(table.key_ledger).values(version=table.key_ledger.c.version + 1))
        return len(held)

    def restore(self, held: Sequence[Quarantine]) -> None:
        """Add what a copy of the ledger holds; its keys come with their numbers (``restore_keys``)."""
        if held:
            self._database.write(insert(table.quarantine), [one.columns() for one in held])

    def restore_keys(self, ids: dict[bytes, int]) -> None:
        """Add which keys are in which quarantine."""
        if ids:
            rows = [{"id": key_id, "quarantine": number} for key_id, number in ids.items()]
            self._database.write(insert(table.quarantined_key), rows)

    def named(self, number: int) -> Quarantine:
        """Return one.

        Raises:
            InvalidInputError: ``not_found``.
        """
        for one in self.all():
            if one.number == number:
                return one
        raise InvalidInputError(Reason.NOT_FOUND, f"there is no quarantine {number}; credence store quarantine list")

    def keys_of(self, number: int) -> list[bytes]:
        """Return the ids of the keys that are in it."""
        return self._database.scalars(select(_HIDDEN.id).where(_HIDDEN.quarantine == number))

    def close(self, number: int, state: QuarantineState) -> None:
        """Note what the operator decided. Keys of a change that is dismissed open again what they sealed."""
        with self._database.begin() as connection:
            mine = _CHANGE.number == number
            connection.execute(update(table.quarantine).where(mine).values(state=state.value))
            if state is QuarantineState.DISMISSED:
                connection.execute(delete(table.quarantined_key).where(_HIDDEN.quarantine == number))
            connection.execute(update(table.key_ledger).values(version=table.key_ledger.c.version + 1))


def _hidden(connection: Connection, ids: Collection[bytes]) -> set[bytes]:
    return {row.id for row in rows_among(connection, _FIND, ids)}
