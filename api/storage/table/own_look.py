"""Tables of what a firm looks at itself, and of banks that it let find it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from api.storage.table.column import metadata

own_look = Table(
    "own_look",
    metadata,
    Column("nonce", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("about", LargeBinary(32), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("looked_at", BigInteger),
    Column("person", Integer),
    Index("own_look_by_subject", "subject", "looked_at"),
    Index("own_look_by_time", "asked_at"),
)
"""A look at values: its nonce, and when a controller signed it. ``person``: the number of the person who signed.

One without ``looked_at`` was begun and shows nothing. It is deleted when its time is over.
"""

handover = Table(
    "handover",
    metadata,
    Column("bank", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), primary_key=True),
    Column("time", BigInteger, nullable=False),
)
"""Which banks can find a firm, because it gave them a code. ``time``: when the bank used the newest one."""
