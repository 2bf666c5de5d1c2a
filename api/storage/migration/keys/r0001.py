"""The key ledger: wrapped data keys, and which ledger this is."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "data_key",
        Column("id", LargeBinary(16), primary_key=True),
        Column("wrapped", LargeBinary(), nullable=False),
    )
    op.create_table(
        "key_ledger",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("id", LargeBinary(16), nullable=False),
        Column("version", BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("key_ledger")
    op.drop_table("data_key")
