"""Tables of the access log: questions, the intervals that anchor them, and the evidence of their answers."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from api.storage.table.column import COUNTED, metadata, sealed_columns, waiting

access_interval = Table(
    "access_interval",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("batch_number", BigInteger, nullable=False),
    Column("member", LargeBinary(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("filling", LargeBinary(32), nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("before", LargeBinary(32), nullable=False),
    Column("after", LargeBinary(32), nullable=False),
    Column("tally_salt", LargeBinary(32), nullable=False),
    Column("batch_root", LargeBinary(32), nullable=False),
    Column("previous_root", LargeBinary(32), nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("signed_since", BigInteger, nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("start", BigInteger),
    Column("anchored_at", BigInteger),
    Column("key", LargeBinary(20)),
    Column("block", BigInteger),
    waiting("access_interval_waiting", "number", where="start IS NULL"),
)
"""An interval of the access log. One without ``start`` is signed and not known to be anchored; it is sent until it is.

``number``: its place here; ``batch_number``: that in the keeper's stream on the ledger, which changes where somebody
else took it first. ``deadline``, ``signed_since``: as those of a batch. ``filling`` and ``tally_salt`` hide how many
rows there were; they hide no row.
"""

access_row = Table(
    "access_row",
    metadata,
    Column("number", COUNTED, primary_key=True),
    Column("subject", LargeBinary(32)),
    Column("bank", LargeBinary(32), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("use", LargeBinary(32)),
    Column("leaf", LargeBinary(32), nullable=False, unique=True),
    Column("head", LargeBinary(32), nullable=False),
    *sealed_columns(),
    Column("interval", BigInteger, ForeignKey("access_interval.number")),
    Column("slot", Integer),
    Column("path", LargeBinary),
    Index("access_row_by_subject", "subject", "number"),
    Index("access_row_by_bank", "bank", "number"),
    Index("access_row_by_interval", "interval", "number"),
    Index("access_row_by_use", "use"),
)
"""A question that was asked. ``sealed``: salt and row; a row without ``interval`` waits for the next anchoring."""

use_under_way = Table(
    "use_under_way",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("consent", LargeBinary(32), nullable=False),
    Column("owner", LargeBinary(16), nullable=False),
)
"""Uses that are being recorded and have no access row yet, and by which process; only where several share the store."""

evidence = Table(
    "evidence",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("bank", LargeBinary(32), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("data_keys", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""The bundle of an answer. ``data_keys``: member and id of the data key of every attestation that it shows."""
