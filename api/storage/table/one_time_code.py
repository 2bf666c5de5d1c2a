"""Tables of one-time codes: keyed digests, never a code."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from api.storage.table.column import metadata

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("place", LargeBinary(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("spent_at", BigInteger),
    Index("one_time_code_by_holder", "kind", "holder"),
    Index("one_time_code_by_end", "expires_at"),
)
"""``place``: keyed digest of the first half of a code, by which it is found; ``digest``: of the whole code.

So a try with a right first half and a wrong second half is one at this code, and is counted.
"""

code_try = Table(
    "code_try",
    metadata,
    Column("origin", LargeBinary(32), primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("code_try_by_end", "until"),
)
"""Wrong tries by where they came from. ``origin``: keyed digest of an address, or of who is signed in."""
