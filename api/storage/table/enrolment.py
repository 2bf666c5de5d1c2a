"""Tables of enrolment: firms that a registrar invited, and the keys that their signers brought."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, sealed_columns, waiting

invitation = Table(
    "invitation",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("registrar", LargeBinary(32), nullable=False),
    Column("subject_index", LargeBinary(32), nullable=False),
    *sealed_columns(),
    Column("threshold", Integer, nullable=False),
    Column("persons", Integer, nullable=False),
    Column("by_post", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("handled_by", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("subject", LargeBinary(32)),
    Column("registered_at", BigInteger),
    Column("recovers", LargeBinary(32)),
    Index("invitation_by_registrar", "registrar"),
    Index("invitation_by_firm", "subject_index"),
    Index("invitation_by_subject", "subject"),
    waiting("invitation_waiting", "id", where="state = 'released'"),
)
"""``sealed``: credit code, the firm's name and those of its signers. ``handled_by``: ids of the people who prepared it.

One that is ``released`` is being registered; it is tried until it is. ``recovers``: the subject that gets new signers,
where it is registered already.
"""

invitation_key = Table(
    "invitation_key",
    metadata,
    Column("invitation", LargeBinary(16), ForeignKey("invitation.id"), primary_key=True),
    Column("credential", LargeBinary, primary_key=True),
    Column("person", Integer, nullable=False),
    Column("device", Integer, nullable=False),
    Column("passkey", Text, nullable=False),
    Column("synced", Integer, nullable=False),
    Column("digits", String(4), nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    Column("voided_at", BigInteger),
)
"""A key that arrived, and the digits that were drawn for it. One with ``voided_at`` counts for nothing."""
