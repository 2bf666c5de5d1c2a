"""Tables of transactions that are signed and not known to be mined."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, UniqueConstraint

from api.storage.table.column import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("account", LargeBinary(20), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("recipient", LargeBinary(20)),
    Column("data", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("owner", LargeBinary(16)),
    UniqueConstraint("account", "nonce"),
)
"""Transactions that are signed and not known to be mined: kept before they are sent, sent until they are mined.

``owner``: the process that carries it; another one takes over what a dead one left.
"""

outbox_account = Table(
    "outbox_account",
    metadata,
    Column("account", LargeBinary(20), primary_key=True),
    Column("next_nonce", BigInteger, nullable=False),
)
"""The next nonce of every account that sends."""
