"""The feed as a page shows it: the newest first, up to where it was read, and where each notice was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from api.services.message.address import Address, ContactChannel
from api.services.message.outbox import CODE_KIND
from api.services.message.seal import SubjectSeal
from api.storage.database import Store
from api.storage.table import MessageState, contact, message, notice_mark, notification
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

MOST_SHOWN: Final = 50
_HELD: Final = notification.c
_MARK: Final = notice_mark.c
_MESSAGE: Final = message.c
_CONTACT: Final = contact.c


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A notice. ``id``: empty for one that went out by message alone; ``is_read``: as far as somebody said so."""

    id: str
    kind: str
    time: int
    data: Mapping[str, JSON]
    is_read: bool


@dataclass(frozen=True, slots=True)
class SentTo:
    """Where a message went. ``masked``: None once the address is removed; ``state``: whether it has left."""

    channel: ContactChannel | None
    masked: str | None
    state: MessageState
    at: int | None


class NoticeFeed:
    """Reads the feed of a recipient, and remembers how far it was read."""

    def __init__(self, store: Store, seals: SubjectSeal) -> None:
        self._store = store
        self._seals = seals

    def newest(self, recipient: bytes, *, limit: int = MOST_SHOWN) -> list[FeedItem]:
        """Return the newest notices, and what was told by message alone, such as a new address."""
        read, read_at = self._mark(recipient)
        query = select(notification).where(_HELD.recipient == recipient).order_by(_HELD.number.desc()).limit(limit)
        shown = [
            FeedItem(row.id, row.kind, row.time, _object(row.data), row.number <= read)
            for row in self._store.rows(query)
        ]
        known = {(one.kind, one.time) for one in shown}
        alone = select(_MESSAGE.kind, _MESSAGE.time).where(_MESSAGE.subject == recipient, _MESSAGE.kind != CODE_KIND)
        rows = self._store.rows(alone.distinct().order_by(_MESSAGE.time.desc()).limit(limit))
        notified = select(_HELD.kind).where(_HELD.recipient == recipient).distinct()
        told = set(self._store.scalars(notified))
        shown += [
            FeedItem("", row.kind, row.time, {}, row.time <= read_at)
            for row in rows
            if row.kind not in told and (row.kind, row.time) not in known
        ]
        return sorted(shown, key=lambda one: one.time, reverse=True)[:limit]

    def unread(self, recipient: bytes) -> int:
        """Return how many notices nobody has said to have read."""
        read, _ = self._mark(recipient)
        query = select(func.count()).where(_HELD.recipient == recipient, _HELD.number > read)
        found: int = self._store.scalar(query) or 0
        return found

    def mark_read(self, recipient: bytes, newest: str, *, now: int) -> None:
        """Remember that all notices up to one are read. An older mark than there is changes nothing.

        Raises:
            InvalidInputError: ``not_found``; the recipient has no notice of this id.
        """
        query = select(_HELD.number).where(_HELD.recipient == recipient, _HELD.id == newest)
        with self._store.begin() as connection:
            number = connection.execute(query).scalar_one_or_none()
            if number is None:
                raise InvalidInputError(Reason.NOT_FOUND, "you have no notification of this id", field="notification")
            ours = _MARK.recipient == recipient
            held = connection.execute(select(_MARK.number).where(ours)).scalar_one_or_none()
            values = {"number": max(number, held or 0), "time": now}
            if held is None:
                connection.execute(insert(notice_mark).values(recipient=recipient, **values))
            else:
                connection.execute(update(notice_mark).where(ours).values(**values))

    def sent(self, subject: bytes) -> dict[tuple[str, int], list[SentTo]]:
        """Return where the messages of a firm went in the last days, by kind and time of what they tell."""
        query = (
            select(message, _CONTACT.channel, _CONTACT.sealed.label("address"))
            .outerjoin(contact, _CONTACT.id == _MESSAGE.contact)
            .where(_MESSAGE.subject == subject, _MESSAGE.kind != CODE_KIND)
            .order_by(_MESSAGE.number)
        )
        found: dict[tuple[str, int], list[SentTo]] = {}
        for row in self._store.rows(query):
            found.setdefault((row.kind, row.time), []).append(self._sent_to(subject, row))
        return found

    def _sent_to(self, subject: bytes, row: Any) -> SentTo:  # noqa: ANN401 - a row of the message table
        state = MessageState(row.state)
        if row.channel is None:
            return SentTo(None, None, state, row.ended_at)
        channel = ContactChannel(row.channel)
        masked = Address(channel, self._seals.open(subject, row.contact, row.address)).masked
        return SentTo(channel, masked, state, row.ended_at)

    def _mark(self, recipient: bytes) -> tuple[int, int]:
        row = self._store.row(select(notice_mark).where(_MARK.recipient == recipient))
        return (0, 0) if row is None else (row.number, row.time)


def _object(text: str) -> Mapping[str, JSON]:
    found = decode(text.encode())
    assert isinstance(found, dict)  # noqa: S101 - written by write_notices()
    return found
