"""Tables of data keys. The keys lie in the key ledger, a database of its own, so that no copy of the store holds one.

The key ledger never goes back, as copies of the store do: what it says of a key is the last word.
``key_link`` and ``key_removal`` are tables of the store.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from api.storage.table.column import key_metadata, metadata, single_row

key_link = Table(
    "key_link",
    metadata,
    single_row(),
    Column("ledger", LargeBinary(16), nullable=False),
)
"""One row: the key ledger that holds the data keys of this store."""

key_removal = Table(
    "key_removal",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("erases", Integer, nullable=False),
)
"""Data keys that nothing may be opened with any more: noted with the effect, gone from here when gone from the ledger.

``erases``: an erasure, so the copy of the key ledger must follow.
"""

data_key = Table(
    "data_key",
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
"""Wrapped data keys. Deleting a row here is erasure: what was sealed under it can never be opened again."""

erased_key = Table(
    "erased_key",
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
)
"""Tombstones: ids of keys that were erased here. None of them is ever taken in again."""

quarantine = Table(
    "quarantine",
    key_metadata,
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
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("quarantine", BigInteger, ForeignKey("quarantine.number"), nullable=False),
)
"""Keys that are there and open nothing, as long as it is not decided about them."""

key_ledger = Table(
    "key_ledger",
    key_metadata,
    single_row(),
    Column("id", LargeBinary(16), nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""One row: which ledger this is, and how often it was changed."""
