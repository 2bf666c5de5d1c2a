"""Tables that only a database has which several processes share: proofs of possession that were accepted.

They are UNLOGGED: a crash of the server empties both together, so that who finds no memory knows that it is lost.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

proof_used = Table(
    "proof_used",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("proof_used_by_end", "until"),
    prefixes=["UNLOGGED"],
)
"""Proofs that were accepted, for as long as they would count, and a minute."""

proof_memory = Table(
    "proof_memory",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("nonce", String(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("swept", BigInteger, nullable=False),
    prefixes=["UNLOGGED"],
)
"""One row: the memory's nonce, when it began, and up to when proofs were forgotten again."""
