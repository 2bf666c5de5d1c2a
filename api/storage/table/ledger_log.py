"""Tables of the index of the ledger's events that are listed often."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from api.storage.table.column import metadata

ledger_log = Table(
    "ledger_log",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("topic_0", LargeBinary(32), nullable=False),
    Column("topic_1", LargeBinary(32)),
    Column("topic_2", LargeBinary(32)),
    Column("topic_3", LargeBinary(32)),
    Column("log", Text, nullable=False),
    Index("ledger_log_topics", "topic_0", "topic_1", "topic_2", "topic_3"),
)
"""Events of the ledger, each as the node gave it. Nothing in them is secret: the whole network has them."""

ledger_log_mark = Table(
    "ledger_log_mark",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""The last block whose events are in the index; one row at most."""
