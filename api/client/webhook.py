"""A receiver of webhooks, as a member's own program may use it: checks the signature, the age, and replays.

Messages are signed as Standard Webhooks says: HMAC-SHA256 over id, time and body.

    receiver = WebhookReceiver(secret, SeenMessages(Path("seen.sqlite3")))
    message = receiver.receive(request.headers, request.body, now=now)

What a message says is that something happened; what it means is for the API to say, to whoever is signed in.
"""

import base64
import binascii
import hmac
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason

MAX_AGE_S: Final = 300
KEPT_S: Final = 7 * 86_400
"""How long ids are remembered: longer than any sender tries."""
_LAST_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Message:
    """What a webhook tells: an event's kind and the ids it is about."""

    id: str
    kind: str
    timestamp: str
    data: JSON


class SeenMessages:
    """Ids of messages that came, in a file of their own, so that a restart forgets none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS seen(id TEXT PRIMARY KEY, at INTEGER NOT NULL)")

    def add(self, message_id: str, *, now: int) -> bool:
        """Remember an id, and return whether it is new."""
        with closing(self._open()) as connection, connection:
            connection.execute("DELETE FROM seen WHERE at < ?", (now - KEPT_S,))
            added = connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (message_id, now))
            return added.rowcount == 1

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)


class WebhookReceiver:
    """Receives the messages of one endpoint. ``secret``: what registering it returned (``whsec_…``)."""

    def __init__(self, secret: str, seen: SeenMessages) -> None:
        # of some senders it comes without its padding
        self._secret = base64.b64decode(secret.removeprefix("whsec_") + "==")
        if not self._secret:
            raise InvalidInputError(Reason.CONFIGURATION, "a webhook without a secret proves nothing")
        self._seen = seen

    def receive(self, headers: Mapping[str, str], body: bytes, *, now: int) -> Message:
        """Return a message that is genuine, at most five minutes old, and here for the first time.

        Answer 2xx to one that is replayed: its sender has not heard that it came before.

        Raises:
            VerificationError: ``webhook_signature_wrong``, ``webhook_late`` or ``webhook_replayed``.
            InvalidInputError: the body is not what a sender of ours signs.
        """
        named = {name.lower(): value for name, value in headers.items()}
        message_id, stamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
        at = self._require_signature(message_id, stamp, named.get("webhook-signature", ""), body)
        if abs(now - at) > MAX_AGE_S:
            raise VerificationError(Reason.WEBHOOK_LATE, f"the message is more than {MAX_AGE_S} seconds from now")
        record = JsonObject(decode(body), "message")
        message = Message(message_id, record.text("type"), record.text("timestamp"), record.take("data"))
        record.done()
        if not self._seen.add(message_id, now=now):
            raise VerificationError(Reason.WEBHOOK_REPLAYED, "the message came before; it is not counted twice")
        return message

    def _require_signature(self, message_id: str, stamp: str, signatures: str, body: bytes) -> int:
        wrong = VerificationError(Reason.WEBHOOK_SIGNATURE_WRONG, "the message is not signed under your secret")
        if not message_id or not (stamp.isascii() and stamp.isdigit()) or int(stamp[:13]) > _LAST_TIME:
            raise wrong
        at = int(stamp[:13])
        expected = hmac.digest(self._secret, f"{message_id}.{at}.".encode() + body, "sha256")
        if not any(hmac.compare_digest(_signature(one), expected) for one in signatures.split()):
            raise wrong
        return at


def _signature(versioned: str) -> bytes:
    version, _, encoded = versioned.partition(",")
    try:
        return base64.b64decode(encoded, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""
