"""Several processes share a store in PostgreSQL: whose an upload, a use or a transaction under way is.

And a store that is named by an address may be the wrong one, so it says of which network it is.
"""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, text

revision: Final = "0003"
down_revision: Final = "0002"

_HASH: Final = LargeBinary(32)
_ID: Final = LargeBinary(16)
_COUNTED: Final = (("access_row", "number"), ("notification", "number"), ("job_rejection", "id"))
"""Numbers that the database gives out; a file has always counted them in 64 bits."""
_NAMED: Final = (("webhook", "delivered"), ("job", "sequence"))


def upgrade() -> None:
    """Say whose what is under way is, and of which network the store is."""
    op.add_column("job", Column("owner", _ID))
    op.add_column("outbox", Column("owner", _ID))
    op.create_table(
        "network",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("chain_id", BigInteger(), nullable=False),
        Column("genesis", _HASH, nullable=False),
    )
    op.create_table(
        "use_under_way",
        Column("use", _HASH, primary_key=True),
        Column("consent", _HASH, nullable=False),
        Column("owner", _ID, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _count_in("bigint")
        _remember_proofs()


def downgrade() -> None:
    """Forget whose it is."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("proof_memory")
        op.drop_table("proof_used")
        _count_in("integer")
    op.drop_table("use_under_way")
    op.drop_table("network")
    op.drop_column("outbox", "owner")
    op.drop_column("job", "owner")


def _count_in(kind: str) -> None:
    for table, column in (*_COUNTED, *_NAMED):
        op.alter_column(table, column, type_=BigInteger() if kind == "bigint" else Integer())
    for table, column in _COUNTED:
        op.execute(text(f"ALTER SEQUENCE {table}_{column}_seq AS {kind}"))


def _remember_proofs() -> None:
    op.create_table(
        "proof_used",
        Column("digest", _HASH, primary_key=True),
        Column("until", BigInteger(), nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index("proof_used_by_end", "proof_used", ["until"])
    op.create_table(
        "proof_memory",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("nonce", String(32), nullable=False),
        Column("since", BigInteger(), nullable=False),
        Column("swept", BigInteger(), nullable=False),
        prefixes=["UNLOGGED"],
    )
