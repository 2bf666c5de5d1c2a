"""Tables of attestations: batches, changes of status, and firms that were erased."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, sealed_columns, waiting

batch = Table(
    "batch",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("job", String(32), ForeignKey("job.id")),
    Column("root", LargeBinary(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("previous_root", LargeBinary(32), nullable=False),
    Column("supersedes", Text, nullable=False),
    Column("rest", Text),
    Column("deadline", BigInteger, nullable=False),
    Column("signed_since", BigInteger, nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("start", BigInteger),
    Column("anchored_at", BigInteger),
    Column("key", LargeBinary(20)),
    Column("transaction", LargeBinary(32)),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    waiting("batch_waiting", "member", "number", where="start IS NULL"),
    waiting("batch_rest_waiting", "member", "number", where="rest IS NOT NULL"),
)
"""A batch without ``start`` is signed and not known to be anchored yet; it is sent until it is.

``rest``: what it supersedes beyond the list that was signed, until that is set as well. ``deadline``: in block time.
``signed_since``: the newest block when it was signed for the first time.
"""

status_order = Table(
    "status_order",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("plane", Integer, nullable=False),
    Column("reason", Integer, nullable=False),
    Column("changes", LargeBinary(32), nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Index("status_order_by_number", "member", "number"),
)
"""Status changes that this instance signed: stored before they are sent, to send them again and to know them again.

``digest``: what was signed; ``changes``: the digest of its lists.
"""

restored_mark = Table(
    "restored_mark",
    metadata,
    Column("mark", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("again", Text),
)
"""Marks of which the council had something cleared. ``again``: what is to be revoked again of it, since it is erased
here; None: the lists of the mark are to be shown, so that it is cleared. A row goes when that is done.
"""

attestation = Table(
    "attestation",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("schema", String(64), nullable=False),
    Column("schema_id", LargeBinary(32), nullable=False),
    Column("subject_index", LargeBinary(32), nullable=False),
    Column("kind_index", LargeBinary(32), nullable=False),
    Column("row_tag", LargeBinary(32), nullable=False),
    Column("period_first", Integer, nullable=False),
    Column("period_last", Integer, nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("newest_as_of", Integer, nullable=False),
    Column("fields_root", LargeBinary(32), nullable=False),
    Column("subject_tag", LargeBinary(32), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("supersedes", LargeBinary(32), nullable=False),
    *sealed_columns(),
    Column("batch", BigInteger, nullable=False),
    Column("leaf", Integer, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("job", String(32)),
    Column("line", Integer),
    Column("live", Integer, nullable=False),
    Index("attestation_by_subject", "subject_index", "schema", "live", "period_last"),
    Index("attestation_by_job", "job", "line"),
)
"""``schema``: the name of the type, ``schema_id``: which version of it. ``kind_index``: a keyed digest of the values
that tell it from others of its subject, type and period, or zeros where there are none. ``newest_as_of``: the latest
``as_of`` of this attestation and those that it stands for; a correction may be of an earlier day than what it corrects.
"""

erased_subject = Table(
    "erased_subject",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("subject_index", LargeBinary(32), primary_key=True),
    Column("schema", String(64), primary_key=True),
    Column("restored", Integer, nullable=False),
)
"""Firms that a department erased, of one type or (``schema`` empty) of all, so that no upload brings one back unasked.

``restored``: somebody said so since. The row of a type leads over that of all types.
"""
