"""Keys that were erased stay known, and keys that only the ledger calls erased wait for the operator's word."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, UniqueConstraint

revision: Final = "0002"
down_revision: Final = "0001"

_ID: Final = LargeBinary(16)


def upgrade() -> None:
    """Make room for both."""
    op.create_table("erased_key", Column("id", _ID, primary_key=True))
    op.create_table(
        "quarantine",
        Column("number", BigInteger(), primary_key=True, autoincrement=False),
        Column("member", LargeBinary(32), nullable=False),
        Column("transaction", LargeBinary(32), nullable=False),
        Column("block", BigInteger(), nullable=False),
        Column("block_time", BigInteger(), nullable=False),
        Column("key", LargeBinary(20)),
        Column("state", String(16), nullable=False),
        UniqueConstraint("member", "transaction"),
    )
    op.create_table(
        "quarantined_key",
        Column("id", _ID, primary_key=True),
        Column("quarantine", BigInteger(), ForeignKey("quarantine.number"), nullable=False),
    )


def downgrade() -> None:
    """Forget which keys were erased, and let those in quarantine open what they sealed."""
    op.drop_table("quarantined_key")
    op.drop_table("quarantine")
    op.drop_table("erased_key")
