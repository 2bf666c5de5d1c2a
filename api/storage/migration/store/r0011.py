"""Consents of contract set 2: bounds beside the terms, answer keys of requests, and the uses that the ledger counted.

What was granted or asked before says nothing any more.
"""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision: Final = "0011"
down_revision: Final = "0010"

_HASH: Final = LargeBinary(32)


def upgrade() -> None:
    """Make room for bounds, answer keys and counted uses."""
    op.add_column("consent", Column("bounds", Text(), nullable=False, server_default="{}"))
    op.add_column("consent_request", Column("answer_address", LargeBinary(20), nullable=False, server_default=""))
    op.add_column("consent_request", Column("answer_key", LargeBinary(), nullable=False, server_default=""))
    op.create_table(
        "counted_use",
        Column("consent", _HASH, primary_key=True),
        Column("number", Integer(), primary_key=True, autoincrement=False),
        Column("ticket", _HASH, nullable=False),
        Column("time", BigInteger(), nullable=False),
        Column("place", Integer(), nullable=False),
    )


def downgrade() -> None:
    """Forget all of it."""
    op.drop_table("counted_use")
    op.drop_column("consent_request", "answer_key")
    op.drop_column("consent_request", "answer_address")
    op.drop_column("consent", "bounds")
