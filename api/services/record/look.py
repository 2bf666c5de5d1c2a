"""Looks of a firm at its own values: each takes a controller's signature over a fresh nonce, and each is logged.

A sign-in alone shows no value: a sign-in key on a disk, or a session that was left open, reads none.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from api.services.subject.controller_history import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.own_look import NOTHING_IN_PARTICULAR, LookKind, look_digest
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature
from ledger_node.randomness import random_bytes

LOOK_TIME_S: Final = 300
"""How long a nonce can be signed."""
MAX_LISTED: Final = 200
_TIME_BYTES: Final = 8
_RANDOM_BYTES: Final = 8
_HEAD_BYTES: Final = _TIME_BYTES + _RANDOM_BYTES
_SEAL_BYTES: Final = 16
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
    """Begins looks, completes them on a controller's signature, and lists them.

    ``mac``: keyed digests of this instance, so that nothing is stored of a look that nobody signs. ``rule``: who must
    wait.
    """

    def __init__(
        self, store: Store, history: ControllerHistory, mac: Callable[[bytes], bytes], rule: Rule = nobody_waits
    ) -> None:
        self._store = store
        self._history = history
        self._mac = mac
        self._rule = rule

    def begin(self, subject: bytes, kind: LookKind, about: bytes = NOTHING_IN_PARTICULAR, *, now: int) -> BegunLook:
        """Return a fresh look to sign. Nothing is stored."""
        head = now.to_bytes(_TIME_BYTES, "big") + random_bytes(_RANDOM_BYTES)
        nonce = head + self._seal(head, subject, kind, about)
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
        head, seal = nonce[:_HEAD_BYTES], nonce[_HEAD_BYTES:]
        if not hmac.compare_digest(seal, self._seal(head, subject, kind, about)):
            raise VerificationError(Reason.LOOK_UNKNOWN, "this look was not begun here, or for something else")
        if not 0 <= now - int.from_bytes(head[:_TIME_BYTES], "big") < LOOK_TIME_S:
            raise VerificationError(Reason.LOOK_LATE, "the page was open too long; open it anew")
        self._rule(subject, now)
        self._history.require_no_hold(subject, now)
        controllers = self._history.current(subject).controllers
        digest = look_digest(subject, kind, about, nonce)
        ((place, _),) = controllers.signed_by(digest, [signature], 1)
        taken = LoggedLook(now, kind, about, controllers.keys[place].person)
        row = {"nonce": nonce, "subject": subject, "kind": kind.value, "about": about}
        try:
            self._store.write(insert(table.own_look).values(**row, looked_at=now, person=taken.person))
        except IntegrityError as error:
            raise VerificationError(Reason.LOOK_USED, "this was signed and shown once; look anew") from error
        return taken

    def of_subject(self, subject: bytes, *, since: int = 0) -> list[LoggedLook]:
        """Return the looks that a firm took from ``since`` on, the newest first."""
        taken = select(table.own_look).where(_LOOK.subject == subject, _LOOK.looked_at >= since)
        rows = self._store.rows(taken.order_by(_LOOK.looked_at.desc()).limit(MAX_LISTED))
        return [LoggedLook(row.looked_at, LookKind(row.kind), row.about, row.person) for row in rows]

    def _seal(self, head: bytes, subject: bytes, kind: LookKind, about: bytes) -> bytes:
        return self._mac(b"own look" + look_digest(subject, kind, about, head))[:_SEAL_BYTES]
