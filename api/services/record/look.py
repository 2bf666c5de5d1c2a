"""Looks of a firm at its own values: each takes a controller's signature over a fresh nonce, and each is logged.

A sign-in alone shows no value: a sign-in key on a disk, or a session that was left open, reads none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, func, insert, select, update

from api.services.subject.controller_history import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.own_look import NOTHING_IN_PARTICULAR, LookKind, look_digest
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature
from ledger_node.randomness import random_bytes

LOOK_TIME_S: Final = 300
"""How long a nonce can be signed."""
MAX_OPEN: Final = 100
"""So many looks of one firm may be begun at once."""
MAX_LISTED: Final = 200
_LOOK: Final = table.own_look.c

Rule: TypeAlias = Callable[[bytes, int], None]
"""Raises where a subject may not see values at a time."""


@dataclass(frozen=True, slots=True)
class BegunLook:
    """A look that waits for a signature over ``challenge``, before ``signed_before`` in seconds."""

    nonce: bytes
    challenge: bytes
    signed_before: int


@dataclass(frozen=True, slots=True)
class LoggedLook:
    """A look that was taken: when, at what, and the number of the person who signed."""

    time: int
    kind: LookKind
    about: bytes
    person: int


def nobody_waits(_subject: bytes, _now: int) -> None:
    """Let every firm see its values at once."""


class OwnLooks:
    """Begins looks, completes them on a controller's signature, and lists them. ``rule``: who must wait."""

    def __init__(self, store: Store, history: ControllerHistory, rule: Rule = nobody_waits) -> None:
        self._store = store
        self._history = history
        self._rule = rule

    def begin(self, subject: bytes, kind: LookKind, about: bytes = NOTHING_IN_PARTICULAR, *, now: int) -> BegunLook:
        """Return a fresh look to sign.

        Raises:
            InvalidInputError: ``rate_limited``; too many of this firm are open.
        """
        nonce = random_bytes(HASH_BYTES)
        is_open = (_LOOK.subject == subject) & _LOOK.looked_at.is_(None)
        with self._store.begin() as connection:
            connection.execute(
                delete(table.own_look).where(_LOOK.looked_at.is_(None), _LOOK.asked_at <= now - LOOK_TIME_S)
            )
            count = connection.execute(select(func.count()).select_from(table.own_look).where(is_open)).scalar_one()
            if count >= MAX_OPEN:
                raise InvalidInputError(Reason.RATE_LIMITED, "too many looks were begun; wait five minutes")
            row = {"nonce": nonce, "subject": subject, "kind": kind.value, "about": about, "asked_at": now}
            connection.execute(insert(table.own_look).values(row))
        return BegunLook(nonce, look_digest(subject, kind, about, nonce), now + LOOK_TIME_S)

    def complete(
        self,
        subject: bytes,
        kind: LookKind,
        nonce: bytes,
        signature: Signature,
        *,
        about: bytes = NOTHING_IN_PARTICULAR,
        now: int,
    ) -> LoggedLook:
        """Log a look that a controller in force signed. Only then may a value be shown.

        Raises:
            VerificationError: ``look_unknown``, ``look_used``, ``look_late``, ``subject_on_hold``, or why the
                signature does not count; or what the rule of waiting raises.
            ChainError: the ledger does not answer.
        """
        row: Any = self._store.row(select(table.own_look).where(_LOOK.nonce == nonce))
        if row is None or (row.subject, row.kind, row.about) != (subject, kind.value, about):
            raise VerificationError(Reason.LOOK_UNKNOWN, "this look was not begun here, or for something else")
        if row.looked_at is not None:
            raise _used()
        if row.asked_at + LOOK_TIME_S <= now:
            raise VerificationError(Reason.LOOK_LATE, "the page was open too long; open it anew")
        self._rule(subject, now)
        self._history.require_no_hold(subject, now)
        controllers = self._history.current(subject).controllers
        digest = look_digest(subject, kind, about, nonce)
        ((place, _),) = controllers.signed_by(digest, [signature], 1)
        person = controllers.keys[place].person
        once = update(table.own_look).where(_LOOK.nonce == nonce, _LOOK.looked_at.is_(None))
        if not self._store.write(once.values(looked_at=now, person=person)):
            raise _used()
        return LoggedLook(now, kind, about, person)

    def of_subject(self, subject: bytes, *, since: int = 0) -> list[LoggedLook]:
        """Return the looks that a firm took from ``since`` on, the newest first."""
        taken = select(table.own_look).where(_LOOK.subject == subject, _LOOK.looked_at >= since)
        rows = self._store.rows(taken.order_by(_LOOK.looked_at.desc()).limit(MAX_LISTED))
        return [LoggedLook(row.looked_at, LookKind(row.kind), row.about, row.person) for row in rows]


def _used() -> VerificationError:
    return VerificationError(Reason.LOOK_USED, "this was signed and shown once; look anew")
