"""Tables of what several persons sign one after the other."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from api.storage.table.column import metadata

draft = Table(
    "draft",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("request", LargeBinary(32), nullable=False),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("drawn_up_at", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Column("bounds", Text, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Index("draft_by_subject", "subject"),
    Index("draft_by_request", "request"),
)
"""A consent that at least one person has signed, and not yet enough of them. ``id``: that of the consent.

``entry``: of the controllers that sign it. ``cancelled``: whether the ledger closed its id for good. Such rows stay,
since their number says with which secret the next draft of the request is drawn up.
"""

collected_signature = Table(
    "collected_signature",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("signature", Text, nullable=False),
    Index("collected_signature_by_subject", "subject"),
)
"""Signatures that wait for those of other persons. ``digest``: what is signed; ``entry``: of the controllers."""
