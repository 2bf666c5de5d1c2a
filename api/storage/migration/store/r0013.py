"""Banks may hand the seeds of their spend keys over; they are sealed."""

from typing import Final

from alembic import op
from sqlalchemy import Column, LargeBinary

revision: Final = "0013"
down_revision: Final = "0012"


def upgrade() -> None:
    """Make room for them; no bank has handed one over yet."""
    op.create_table(
        "spend_seed",
        Column("bank", LargeBinary(32), primary_key=True),
        Column("data_key", LargeBinary(16), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Forget them; each bank has its own."""
    op.drop_table("spend_seed")
