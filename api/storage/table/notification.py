"""Tables of notifications: ids, times and signatures; no value, question or credit code. And of endpoints."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from api.storage.table.column import COUNTED, metadata, sealed_columns

chain_cursor = Table(
    "chain_cursor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("next_block", BigInteger, nullable=False),
)
"""One row: the first block whose events are not yet notifications."""

consent_deadline = Table(
    "consent_deadline",
    metadata,
    Column("consent", LargeBinary(32), primary_key=True),
    Column("grantee", LargeBinary(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("consent_deadline_by_time", "expires_at"),
)
"""Consents that run; a row goes when its end was notified, or with the withdrawal."""

reliance = Table(
    "reliance",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("attestation", LargeBinary(32), primary_key=True),
    Column("consent", LargeBinary(32), nullable=False),
    Column("bank", LargeBinary(32), nullable=False),
    Column("member", LargeBinary(32), nullable=False),
    Column("word", BigInteger, nullable=False),
    Column("bit", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Index("reliance_by_word", "member", "word"),
    Index("reliance_by_late", "late"),
)
"""Which answers relied on which attestations: their digests and positions. Written before the answer leaves.

``late``: the block of the answer was passed by ``chain_cursor`` already, so the status has to be looked up.
"""

notification = Table(
    "notification",
    metadata,
    Column("number", COUNTED, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("recipient", LargeBinary(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("source", LargeBinary(32), nullable=False),
    Index("notification_by_recipient", "recipient", "number"),
    UniqueConstraint("recipient", "source"),
)
"""The feed of every recipient. ``source``: digest of what is notified, so that it is notified once."""

notice_mark = Table(
    "notice_mark",
    metadata,
    Column("recipient", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""Up to which notification somebody said to have read them, and when."""


class WebhookState(StrEnum):
    """How it stands with an endpoint."""

    ACTIVE = "active"
    FAILING = "failing"
    STOPPED = "stopped"


webhook = Table(
    "webhook",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("url", Text, nullable=False),
    *sealed_columns(),
    Column("sealed_before", LargeBinary),
    Column("before_until", BigInteger, nullable=False),
    Column("delivered", COUNTED, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("failing_since", BigInteger),
    Column("last_failure", Text),
)
"""Where a member wants to be told. ``delivered``: number of the last notification that its endpoint took.

``sealed``: the secret; ``sealed_before``: the one before the last rotation, which signs as well until ``before_until``.
"""
