"""The outbox of messages: written in the transaction of what they tell, so that none is lost or made up.

A message tells its kind and time, and nothing else: no bank, purpose, question, answer, link or code. Whoever reads a
firm's post learns no more than that something happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from api.storage.database import IDS, rows_among
from api.storage.table import MessageState, contact, message
from ledger_node.randomness import random_bytes

DAY_S: Final = 86_400
A_DAY: Final[Mapping[str, int]] = {"consent.requested": 3, "consent.used": 3}
"""So many messages of a kind go to an address within a day: banks may ask often, and flood nobody. The page has all.
What may come of a thief (a withdrawal, a change of signers, a recovery, a hold) has no limit."""
TOLD: Final = frozenset(
    {
        "consent.requested",
        "consent.granted",
        "consent.paused",
        "consent.resumed",
        "consent.withdrawn",
        "consent.used",
        "subject.registered",
        "subject.rotated",
        "subject.recovery_requested",
        "subject.recovery_cancelled",
        "subject.recovery_abandoned",
        "subject.recovered",
        "subject.held",
        "subject.registrar_named",
        "contact.added",
        "contact.removed",
    }
)
"""The kinds of which messages go out, to every confirmed address of a firm."""
CODE_KIND: Final = "contact.code"
"""Holds the code that confirms an address; it goes to that one alone."""
_ID_BYTES: Final = 16
_CONTACT: Final = contact.c
_MESSAGE: Final = message.c
_TOLD: Final = select(contact).where(
    _CONTACT.subject.in_(IDS), _CONTACT.confirmed_at.is_not(None), _CONTACT.ended_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a firm is told; ``time`` in seconds."""

    subject: bytes
    kind: str
    time: int


def queue(connection: Connection, told: Iterable[Told], *, besides: bytes = b"") -> None:
    """Write the messages that tell firms something, one for each confirmed address.

    ``besides``: a contact that is told as well though it ended.
    """
    wanted = [one for one in told if one.kind in TOLD]
    subjects = sorted({one.subject for one in wanted})
    if not subjects:
        return
    contacts: dict[bytes, list[bytes]] = {}
    for row in rows_among(connection, _TOLD, subjects):
        contacts.setdefault(row.subject, []).append(row.id)
    for one in wanted:
        for to in (*contacts.get(one.subject, ()), *([besides] if besides else ())):
            if not _is_too_often(connection, to, one):
                write(connection, one, to)


def write(connection: Connection, told: Told, to: bytes, *, message_id: str = "", sealed: bytes | None = None) -> None:
    """Write one message to one contact."""
    connection.execute(
        insert(message).values(
            id=message_id or new_message_id(),
            subject=told.subject,
            contact=to,
            kind=told.kind,
            time=told.time,
            sealed=sealed,
            state=MessageState.WAITING.value,
            attempts=0,
            next_at=0,
        )
    )


def new_message_id() -> str:
    """Return a fresh id of a message, by which a receiver knows one that came twice."""
    return f"out_{random_bytes(_ID_BYTES).hex()}"


def count_since(connection: Connection, to: bytes, kind: str, since: int) -> int:
    """Return how many messages of a kind were written for a contact from a time on."""
    written = select(func.count()).where(_MESSAGE.contact == to, _MESSAGE.kind == kind, _MESSAGE.time > since)
    return connection.execute(written).scalar_one()


def forget_contacts(connection: Connection, subject: bytes) -> None:
    """Delete every address of a firm, and what is on its way there."""
    connection.execute(delete(message).where(_MESSAGE.subject == subject))
    connection.execute(delete(contact).where(_CONTACT.subject == subject))


def _is_too_often(connection: Connection, to: bytes, told: Told) -> bool:
    most = A_DAY.get(told.kind)
    return most is not None and count_since(connection, to, told.kind, told.time - DAY_S) >= most
