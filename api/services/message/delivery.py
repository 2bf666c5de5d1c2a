"""Sending messages: until each is sent, or is given up after three days, with pauses that grow up to 15 minutes.

A recovery takes 72 hours, so a firm must hear of it within them: what may come of a thief goes first.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import case, delete, exists, select, update

from api.services.message.address import ContactChannel
from api.services.message.channel import Channel, ChannelError, Letter
from api.services.message.outbox import forget_contacts
from api.services.message.seal import SubjectSeal
from api.services.message.text import words_of
from api.storage.database import Store
from api.storage.table import MessageState, contact, message
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

FIRST_PAUSE_S: Final = 5
LONGEST_PAUSE_S: Final = 900
GIVE_UP_AFTER_S: Final = 3 * 86_400
SENT_KEPT_S: Final = 30 * 86_400
"""For so long a firm's page says where a notice went."""
UNCONFIRMED_KEPT_S: Final = 2 * 86_400
GIVEN_UP_KEPT_S: Final = 30 * 86_400
_AT_ONCE: Final = 50
_MOST_DOUBLINGS: Final = 16
_MESSAGE: Final = message.c
_CONTACT: Final = contact.c
_CALM: Final = ("consent.requested", "consent.used", "consent.granted")
_GONE: Final = frozenset({Reason.ERASED, Reason.SUBJECT_UNKNOWN})
_log = logging.getLogger(__name__)


class MessageDeliveries:
    """Sends what waits. ``channels``: by the kind of address; ``now``: the clock; ``stops``: whether to end early."""

    def __init__(
        self,
        store: Store,
        seals: SubjectSeal,
        channels: Mapping[ContactChannel, Channel],
        now: Callable[[], int],
        *,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._seals = seals
        self._channels = channels
        self._now = now
        self._stops = stops

    def deliver_due(self) -> None:
        """Try every message that is due once; of a channel that is down only the first."""
        due = (
            select(message, _CONTACT.channel, _CONTACT.language, _CONTACT.sealed.label("address"))
            .outerjoin(contact, _CONTACT.id == _MESSAGE.contact)
            .where(_MESSAGE.state == MessageState.WAITING.value, _MESSAGE.next_at <= self._now())
            .order_by(case((_MESSAGE.kind.in_(_CALM), 1), else_=0), _MESSAGE.number)
        )
        down: set[str] = set()
        rows = self._store.rows(due.limit(_AT_ONCE))
        for row in rows:
            if self._stops():
                return
            if row.channel is not None and row.channel in down:
                self._postpone(row, "the channel is down")
            elif not self._deliver(row):
                down.add(row.channel)
        if rows:
            self._tidy()

    def _deliver(self, row: Any) -> bool:  # noqa: ANN401 - a row of the message table
        """Try one message, and return whether its channel is up."""
        channel = None if row.channel is None else self._channels.get(ContactChannel(row.channel))
        if row.channel is None or channel is None:
            self._postpone(row, "no channel goes there")
            return True
        try:
            channel.send(self._letter(row))
        except CredenceError as error:
            self._close(row, error.reason)
        except ChannelError as error:
            if error.final:
                self._end(row, MessageState.GIVEN_UP, error.why)
            else:
                self._postpone(row, error.why)
                return False
        else:
            self._end(row, MessageState.SENT)
        return True

    def _letter(self, row: Any) -> Letter:  # noqa: ANN401 - a row of the message table
        language = Language(row.language)
        to = self._seals.open(row.subject, row.contact, row.address)
        code = "" if row.sealed is None else self._seals.open(row.subject, row.id.encode(), row.sealed)
        words = words_of(row.kind, row.time, language, code)
        return Letter(row.id, to, words.title, words.text, language, row.kind)

    def _close(self, row: Any, reason: Reason) -> None:  # noqa: ANN401 - a row of the message table
        """Deal with a message whose address cannot be opened: its firm was erased, or that is not decided yet."""
        if reason not in _GONE:
            self._postpone(row, reason.value)
            return
        with self._store.begin() as connection:
            forget_contacts(connection, row.subject)

    def _postpone(self, row: Any, why: str) -> None:  # noqa: ANN401 - a row of the message table
        now = self._now()
        if now - row.time >= GIVE_UP_AFTER_S:
            self._end(row, MessageState.GIVEN_UP, why)
            return
        values = {"attempts": row.attempts + 1, "next_at": now + pause_after(row.attempts + 1)}
        self._store.write(update(message).where(_MESSAGE.id == row.id).values(values))

    def _end(self, row: Any, state: MessageState, why: str = "") -> None:  # noqa: ANN401 - a row of the message table
        if state is MessageState.GIVEN_UP:
            _log.warning("a message of kind %s is given up: %s", row.kind, why)
        # a code that was sent is kept by nobody
        values = {"state": state.value, "attempts": row.attempts + 1, "ended_at": self._now(), "sealed": None}
        self._store.write(update(message).where(_MESSAGE.id == row.id).values(values))

    def _tidy(self) -> None:
        """Delete what was sent long ago, and addresses that ended and were told so, or were never confirmed."""
        now = self._now()
        sent = (_MESSAGE.state == MessageState.SENT.value) & (_MESSAGE.ended_at < now - SENT_KEPT_S)
        given_up = (_MESSAGE.state == MessageState.GIVEN_UP.value) & (_MESSAGE.ended_at < now - GIVEN_UP_KEPT_S)
        stale = _CONTACT.confirmed_at.is_(None) & (_CONTACT.added_at < now - UNCONFIRMED_KEPT_S)
        waits = exists().where(_MESSAGE.contact == _CONTACT.id, _MESSAGE.state == MessageState.WAITING.value)
        with self._store.begin() as connection:
            connection.execute(delete(message).where(sent | given_up))
            connection.execute(delete(contact).where(_CONTACT.ended_at.is_not(None) | stale, ~waits))


def pause_after(attempts: int) -> int:
    """Return how long a message is left alone after so many failures, in seconds."""
    return int(min(FIRST_PAUSE_S * 2 ** min(attempts - 1, _MOST_DOUBLINGS), LONGEST_PAUSE_S))
