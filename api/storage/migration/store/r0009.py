"""What is signed for the ledger has a deadline, and what is longer than one list there goes on in further changes.

What was signed before has none, so it is past it, and is signed anew. Orders of such changes say nothing any more.
"""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, text

revision: Final = "0009"
down_revision: Final = "0008"

_REST: Final = text("rest IS NOT NULL")
_SIGNED: Final = ("batch", "access_interval")


def upgrade() -> None:
    """Make room for deadlines, rests and signatures."""
    for name in _SIGNED:
        op.add_column(name, Column("deadline", BigInteger(), nullable=False, server_default="0"))
        op.add_column(name, Column("signed_since", BigInteger(), nullable=False, server_default="0"))
    op.add_column("batch", Column("rest", Text()))
    op.create_index("batch_rest_waiting", "batch", ["member", "number"], sqlite_where=_REST, postgresql_where=_REST)
    op.drop_table("status_order")
    op.create_table(
        "status_order",
        Column("digest", LargeBinary(32), primary_key=True),
        Column("member", LargeBinary(32), nullable=False),
        Column("number", BigInteger(), nullable=False),
        Column("plane", Integer(), nullable=False),
        Column("reason", Integer(), nullable=False),
        Column("changes", LargeBinary(32), nullable=False),
        Column("deadline", BigInteger(), nullable=False),
        Column("signature", LargeBinary(65), nullable=False),
    )
    op.create_index("status_order_by_number", "status_order", ["member", "number"])
    op.create_table(
        "restored_mark",
        Column("mark", LargeBinary(32), primary_key=True),
        Column("member", LargeBinary(32), nullable=False),
        Column("again", Text()),
    )


def downgrade() -> None:
    """Forget all of it."""
    op.drop_table("restored_mark")
    op.drop_table("status_order")
    op.create_table(
        "status_order",
        Column("digest", LargeBinary(32), primary_key=True),
        Column("member", LargeBinary(32), nullable=False),
        Column("number", BigInteger(), nullable=False),
    )
    op.drop_index("batch_rest_waiting", "batch")
    op.drop_column("batch", "rest")
    for name in _SIGNED:
        op.drop_column(name, "signed_since")
        op.drop_column(name, "deadline")
