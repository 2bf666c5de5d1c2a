"""Firms that lost all devices bring new ones as they brought the first: by an invitation."""

from typing import Final

from alembic import op
from sqlalchemy import Column, LargeBinary

revision: Final = "0023"
down_revision: Final = "0022"


def upgrade() -> None:
    """Let invitations name the firm that gets new signers."""
    op.add_column("invitation", Column("recovers", LargeBinary(32)))


def downgrade() -> None:
    """Forget which did."""
    op.drop_column("invitation", "recovers")
