"""Tables of uploads and their rows."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import COUNTED, metadata

job = Table(
    "job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("schema", String(64), nullable=False),
    Column("format", String(8), nullable=False),
    Column("sequence", COUNTED, nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("data_key", LargeBinary(16), nullable=False),
    Column("rows_read", Integer, nullable=False, default=0),
    Column("issued", Integer, nullable=False, default=0),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("created_at", BigInteger, nullable=False),
    Column("reason", String(64)),
    Column("message", Text),
    Column("owner", LargeBinary(16)),
    Column("lines_read", Integer, nullable=False, default=0),
    Column("blank", Integer, nullable=False, default=0),
    Column("corrects", Integer, nullable=False, default=0),
    Column("restores", Integer, nullable=False, default=0),
)
"""``owner``: the process that receives the upload, while it is received.

``lines_read``: how far a job came; it goes on behind them. ``corrects``: its rows may replace what is as new or newer;
``restores``: they may be about firms that were erased.
"""

job_chunk = Table(
    "job_chunk",
    metadata,
    Column("job", String(32), ForeignKey("job.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

job_unchanged = Table(
    "job_unchanged",
    metadata,
    Column("job", String(32), ForeignKey("job.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
)
"""Rows that say what the live attestation already says: nothing is issued, the old receipt stands."""

job_rejection = Table(
    "job_rejection",
    metadata,
    Column("id", COUNTED, primary_key=True),
    Column("job", String(32), ForeignKey("job.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", Text),
    Column("reason", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Index("job_rejection_by_line", "job", "line"),
)
