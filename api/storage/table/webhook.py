"""The table of endpoints that members want to be told at."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import COUNTED, metadata, sealed_columns


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
