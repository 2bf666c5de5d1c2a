"""Tables of the key ledger: a database of its own, so that no copy of the store holds a data key.

It never goes back, as copies of the store do: what it says of a key is the last word.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

metadata = MetaData()

data_key = Table(
    "data_key",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
"""Wrapped data keys. Deleting a row here is erasure: what was sealed under it can never be opened again."""

erased_key = Table(
    "erased_key",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
)
"""Tombstones: ids of keys that were erased here. None of them is ever taken in again."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("member", LargeBinary(32), nullable=False),
    Column("transaction", LargeBinary(32), nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("key", LargeBinary(20)),
    Column("state", String(16), nullable=False),
    UniqueConstraint("member", "transaction"),
)
"""Changes on the ledger that call attestations erased and that nobody ordered here, until the operator decides.

``key``: the address that signed it, where the transaction shows that. ``state``: open, confirmed or dismissed.
"""

quarantined_key = Table(
    "quarantined_key",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("quarantine", BigInteger, ForeignKey("quarantine.number"), nullable=False),
)
"""Keys that are there and open nothing, as long as it is not decided about them."""

key_ledger = Table(
    "key_ledger",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("id", LargeBinary(16), nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""One row: which ledger this is, and how often it was changed."""
