"""What a store is: the network that it belongs to, and which store it is."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from api.storage.table.column import metadata, single_row

network = Table(
    "network",
    metadata,
    single_row(),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis", LargeBinary(32), nullable=False),
)
"""One row: the network that the store belongs to, from the first start on."""

store_identity = Table(
    "store_identity",
    metadata,
    single_row(),
    Column("id", LargeBinary(16), nullable=False),
)
"""One row: which store this is, as its homes know it. It is in no backup: a store that is restored is another one."""
