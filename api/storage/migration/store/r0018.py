"""Firms look at their own values, each look signed and logged; and they let banks find them."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision: Final = "0018"
down_revision: Final = "0017"


def upgrade() -> None:
    """Make room for them; nobody has looked yet."""
    op.create_table(
        "own_look",
        Column("nonce", LargeBinary(32), primary_key=True),
        Column("subject", LargeBinary(32), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("about", LargeBinary(32), nullable=False),
        Column("looked_at", BigInteger, nullable=False),
        Column("person", Integer, nullable=False),
    )
    op.create_index("own_look_by_subject", "own_look", ["subject", "looked_at"])
    op.create_table(
        "handover",
        Column("bank", LargeBinary(32), primary_key=True),
        Column("subject", LargeBinary(32), primary_key=True),
        Column("time", BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("handover")
    op.drop_table("own_look")
