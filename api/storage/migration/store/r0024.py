"""Firms that a program registered wait as enrolled ones do; people mark the notices that they have read."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary

revision: Final = "0024"
down_revision: Final = "0023"


def upgrade() -> None:
    """Remember since when a firm waits, and up to which notice somebody read."""
    op.add_column("subject", Column("waits_since", BigInteger))
    op.create_table(
        "notice_mark",
        Column("recipient", LargeBinary(32), primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("time", BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_table("notice_mark")
    op.drop_column("subject", "waits_since")
