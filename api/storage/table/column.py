"""The databases that tables belong to, and the columns that many tables share."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, text

metadata = MetaData()
"""The tables of the store."""

shared_metadata = MetaData()
"""Further tables of the store that only a database has which several processes share."""

key_metadata = MetaData()
"""The tables of the key ledger."""

COUNTED = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that the database gives out, or that name one: of 64 bits, which SQLite calls INTEGER."""


def single_row() -> Column[int]:
    """Return the key of a table that has one row."""
    return Column("row", Integer, primary_key=True, autoincrement=False)


def sealed_columns() -> tuple[Column[Any], Column[Any]]:
    """Return the columns of a ciphertext and of the name of the data key that opens it."""
    return Column("data_key", LargeBinary(16), nullable=False), Column("sealed", LargeBinary, nullable=False)


def waiting(name: str, *columns: str, where: str) -> Index:
    """Return the index of rows that wait for the ledger, so that looking for them costs what they are."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
