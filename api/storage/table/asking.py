"""Tables of what a bank's people do: requests that are being made up, and answers that were deleted."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata

request_draft = Table(
    "request_draft",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("bank", LargeBinary(32), nullable=False),
    Column("staff", LargeBinary, nullable=False),
    Column("subject", LargeBinary(32), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("questions", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("language", String(8)),
    Column("begins_at", BigInteger),
    Column("request", LargeBinary(32)),
    Index("request_draft_by_bank", "bank", "created_at"),
)
"""A request that a bank's officer makes up. ``staff``: who, or empty for a program.

``questions``: a JSON list of text forms. ``language``, ``begins_at``: set when it was looked at as the firm will see,
and unset by every change. ``request``: the id of what was sent; such a draft changes no more.
"""

answer_deletion = Table(
    "answer_deletion",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("bank", LargeBinary(32), nullable=False),
    Column("staff", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
    Index("answer_deletion_by_bank", "bank"),
)
"""Answers that a bank says it has deleted, as their retention is over. Their evidence is gone here too."""
