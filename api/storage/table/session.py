"""Tables of passkeys and of who is signed in to the portal."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata

credential = Table(
    "credential",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner", LargeBinary(32), nullable=False),
    Column("person", Integer, nullable=False),
    Column("rp_id_hash", LargeBinary(32), nullable=False),
    Column("public_key", LargeBinary(64), nullable=False),
    Column("label", Text, nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("credential_by_owner", "owner"),
)
"""Passkeys by the id that a browser knows them by. ``owner``: the subject; ``person``: who of its signers.

Whether one counts says the ledger: it is a controller's key in force, or it is not.
"""

session = Table(
    "session",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner", LargeBinary(32), nullable=False),
    Column("staff", LargeBinary(16)),
    Column("credential", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("fresh_at", BigInteger, nullable=False),
    Index("session_by_owner", "owner"),
    Index("session_by_start", "started_at"),
)
"""``digest``: of the cookie, which nothing here gives out. ``owner``: the subject or the member; ``staff``: of a
member, the person. ``label``: what the owner was called at the sign-in. ``seen_at``: to the minute.
"""
