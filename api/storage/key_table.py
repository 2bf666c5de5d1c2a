"""Tables of the key ledger: a database of its own, so that no copy of the store holds a data key."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table

metadata = MetaData()

data_key = Table(
    "data_key",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
"""Wrapped data keys. Deleting a row here is erasure: what was sealed under it can never be opened again."""

key_ledger = Table(
    "key_ledger",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("id", LargeBinary(16), nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""One row: which ledger this is, and how often it was changed."""
