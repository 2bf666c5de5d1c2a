"""Sessions: who is signed in, by a random value that the store knows the digest of alone.

A session ends after a time without a request, after its longest time, when it is signed out, and when whoever signed
in does not count any more. The last is looked at with each request.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from api.sign_in.server.principal import Kind
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.hashing import sha256_digest
from ledger_node.randomness import random_bytes

FRESH_S: Final = 300
_VALUE_BYTES: Final = 32
_SEEN_EVERY_S: Final = 60
_HELD: Final = table.session.c


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """``idle_s``: without a request; ``longest_s``: whatever is done."""

    idle_s: int
    longest_s: int


FIRM: Final = SessionLimit(30 * 60, 12 * 3600)
STAFF: Final = SessionLimit(15 * 60, 8 * 3600)


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Who signs in. ``id``: the subject or the member; ``staff``: of a member, the person; ``label``: its name."""

    kind: Kind
    id: bytes
    staff: bytes | None
    credential: bytes
    label: str


@dataclass(frozen=True, slots=True)
class Session:
    """``digest``: what it is known by here. Times are in seconds."""

    digest: bytes
    holder: SessionHolder
    started_at: int
    seen_at: int
    fresh_at: int

    @property
    def limit(self) -> SessionLimit:
        """How long it may last."""
        return FIRM if self.holder.kind is Kind.SUBJECT else STAFF

    @property
    def fresh_until(self) -> int:
        """Until when the passkey need not be shown again."""
        return self.fresh_at + FRESH_S

    def is_over(self, now: int) -> bool:
        """Return whether it has ended by time."""
        return now >= min(self.seen_at + self.limit.idle_s, self.started_at + self.limit.longest_s)

    @classmethod
    def of_row(cls, row: Any) -> "Session":  # noqa: ANN401 - a row of the table
        """Return the session of a row."""
        holder = SessionHolder(Kind(row.kind), row.owner, row.staff, row.credential, row.label)
        return cls(row.digest, holder, row.started_at, row.seen_at, row.fresh_at)


class Sessions:
    """All sessions of the portal of this instance."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def start(connection: Connection, holder: SessionHolder, *, now: int) -> str:
        """Start a session in the transaction of the sign-in, and return the value of its cookie."""
        value = random_bytes(_VALUE_BYTES).hex()
        row = {
            "digest": _digest(value),
            "kind": holder.kind.value,
            "owner": holder.id,
            "staff": holder.staff,
            "credential": holder.credential,
            "label": holder.label,
            "started_at": now,
            "seen_at": now,
            "fresh_at": now,
        }
        connection.execute(delete(table.session).where(_HELD.started_at <= now - FIRM.longest_s))
        connection.execute(insert(table.session).values(row))
        return value

    def find(self, value: str, *, now: int) -> Session | None:
        """Return the session of a cookie, if it has not ended. That it was seen is written once a minute."""
        row = self._store.row(select(table.session).where(_HELD.digest == _digest(value)))
        found = None if row is None else Session.of_row(row)
        if found is None or found.is_over(now):
            return None
        if now >= found.seen_at + _SEEN_EVERY_S:
            self._store.write(update(table.session).where(_HELD.digest == found.digest).values(seen_at=now))
        return found

    @staticmethod
    def freshen(connection: Connection, session: Session, *, now: int) -> None:
        """Note that the passkey was shown again."""
        connection.execute(update(table.session).where(_HELD.digest == session.digest).values(fresh_at=now))

    def of(self, holder: SessionHolder, *, now: int) -> list[Session]:
        """Return the sessions of a firm, or of one person of a member, the newest first."""
        rows = self._store.rows(select(table.session).where(_same(holder)).order_by(_HELD.started_at.desc()))
        return [one for one in map(Session.of_row, rows) if not one.is_over(now)]

    def end(self, value: str) -> None:
        """End the session of a cookie."""
        self._store.write(delete(table.session).where(_HELD.digest == _digest(value)))

    def end_all(self, holder: SessionHolder) -> int:
        """End all sessions of a firm, or of one person of a member, and return how many there were."""
        return self._store.write(delete(table.session).where(_same(holder)))


def _same(holder: SessionHolder) -> ColumnElement[bool]:
    is_same: ColumnElement[bool] = _HELD.owner == holder.id
    return is_same if holder.staff is None else is_same & (_HELD.staff == holder.staff)


def _digest(value: str) -> bytes:
    return sha256_digest(value.encode("utf-8", "replace"))
