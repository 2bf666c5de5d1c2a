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
    Column("looked_at", BigInteger, nullable=False),
    Column("person", Integer, nullable=False),
    Index("own_look_by_subject", "subject", "looked_at"),
)
"""A look at values that a controller signed: its nonce, which counts once. ``person``: the number of who signed."""

handover = Table(
    "handover",
    metadata,
    Column("bank", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), primary_key=True),
    Column("time", BigInteger, nullable=False),
)
"""Which banks can find a firm, because it gave them a code. ``time``: when the bank used the newest one."""
