"""Tables of messages outside the pages: where firms want to be told, and what is on its way there."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from api.storage.table.column import COUNTED, metadata, waiting

contact = Table(
    "contact",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("subject", LargeBinary(32), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("language", String(2), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("ended_at", BigInteger),
    Index("contact_by_subject", "subject"),
)
"""An address of a firm. ``sealed``: under the data key of its subject, which opens nothing after an erasure.

It is told things once it is confirmed. One that ended stays until it was told so.
"""


class MessageState(StrEnum):
    """How it stands with a message."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


message = Table(
    "message",
    metadata,
    Column("number", COUNTED, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("subject", LargeBinary(32), nullable=False),
    Column("contact", LargeBinary(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("message_by_contact", "contact", "kind", "time"),
    Index("message_by_subject", "subject"),
    Index("message_by_end", "state", "ended_at"),
    waiting("message_waiting", "next_at", where="state = 'waiting'"),
)
"""What is sent to a contact: kind and time, no more. ``sealed``: the code that confirms an address, of such messages.

``ended_at``: when it was sent or given up.
"""
