"""What officers of banks sign is kept."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision: Final = "0026"
down_revision: Final = "0025"


def upgrade() -> None:
    """Make room for it; until now it was checked and not kept."""
    op.create_table(
        "officer_signature",
        Column("signed", LargeBinary(32), primary_key=True),
        Column("member", LargeBinary(32), nullable=False),
        Column("staff", LargeBinary(16), nullable=False),
        Column("signature", Text, nullable=False),
        Column("time", BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Forget it; rows of the access log and receipts that were written keep what they hold."""
    op.drop_table("officer_signature")
