"""What somebody with a member's key can do to this instance's numbers and words on the ledger.

An interval of the access log may be overtaken there, so its number in the stream is apart from the one that its rows
name. And status changes that this instance ordered are kept, to be told from those that it did not.
"""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, column, table, update

revision: Final = "0007"
down_revision: Final = "0006"


def upgrade() -> None:
    """Number intervals twice, and keep orders."""
    op.add_column("access_interval", Column("batch_number", BigInteger(), nullable=False, server_default="0"))
    interval = table("access_interval", column("number"), column("batch_number"))
    op.execute(update(interval).values(batch_number=interval.c.number))
    op.create_table(
        "status_order",
        Column("digest", LargeBinary(32), primary_key=True),
        Column("member", LargeBinary(32), nullable=False),
        Column("number", BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Forget both; an interval that was overtaken stands under its own number."""
    op.drop_table("status_order")
    op.drop_column("access_interval", "batch_number")
