"""Tables of the people who act for members, and of what they released."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, waiting

staff_member = Table(
    "staff_member",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("invited_by", LargeBinary(16)),
    Column("invited_at", BigInteger, nullable=False),
    Column("credential", LargeBinary, unique=True),
    Column("passkey", Text),
    Column("ended_at", BigInteger),
    Index("staff_member_by_member", "member"),
)
"""``invited_by``: the person who prepared it; None where the member's own key signed.

``credential``: the id of the passkey, by which who signs in is found. ``passkey``: its public key, as JSON.
"""

staff_release = Table(
    "staff_release",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("act", String(32), nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("staff", LargeBinary(16)),
    Column("prepared_by", LargeBinary(16)),
    Column("key", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Index("staff_release_by_content", "member", "act", "content"),
)
"""What was released, with the signature. ``staff``: who did; None where the member's own key signed.

``key``: the passkey that signed, or the address of the member's key, as JSON. ``prepared_by``: another person.
"""

prepared_act = Table(
    "prepared_act",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("act", String(32), nullable=False),
    Column("document", Text, nullable=False),
    Column("prepared_by", LargeBinary(16), nullable=False),
    Column("prepared_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    waiting("prepared_act_waiting", "member", where="state = 'waiting'"),
)
"""What one person prepared and another one must release. ``document``: what is released, as JSON: ids and keys."""

officer_signature = Table(
    "officer_signature",
    metadata,
    Column("signed", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("staff", LargeBinary(16), nullable=False),
    Column("signature", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""What officers of banks signed. ``signed``: a request's id or a use's ticket; ``signature``: with it and the key."""
