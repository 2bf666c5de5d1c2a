"""Events of the ledger that are listed often are kept, so that no start reads the chain from block 0."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision: Final = "0012"
down_revision: Final = "0011"

_HASH_BYTES: Final = 32


def upgrade() -> None:
    """Make the index, empty: it is filled from the ledger."""
    op.create_table(
        "ledger_log",
        Column("block", BigInteger(), primary_key=True, autoincrement=False),
        Column("position", Integer(), primary_key=True, autoincrement=False),
        Column("topic_0", LargeBinary(_HASH_BYTES), nullable=False),
        Column("topic_1", LargeBinary(_HASH_BYTES)),
        Column("topic_2", LargeBinary(_HASH_BYTES)),
        Column("topic_3", LargeBinary(_HASH_BYTES)),
        Column("log", Text(), nullable=False),
    )
    op.create_index("ledger_log_topics", "ledger_log", ["topic_0", "topic_1", "topic_2", "topic_3"])
    op.create_table(
        "ledger_log_mark",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("block", BigInteger(), nullable=False),
        Column("hash", LargeBinary(_HASH_BYTES), nullable=False),
    )


def downgrade() -> None:
    """Forget it; the ledger has it all."""
    op.drop_table("ledger_log_mark")
    op.drop_index("ledger_log_topics", "ledger_log")
    op.drop_table("ledger_log")
