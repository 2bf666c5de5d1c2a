"""A bank's people make up requests step by step, and say which answers they have deleted."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision: Final = "0015"
down_revision: Final = "0014"


def upgrade() -> None:
    """Make room for them; nobody has begun."""
    op.create_table(
        "request_draft",
        Column("id", LargeBinary(16), primary_key=True),
        Column("bank", LargeBinary(32), nullable=False),
        Column("staff", LargeBinary, nullable=False),
        Column("subject", LargeBinary(32), nullable=False),
        Column("purpose", String(64), nullable=False),
        Column("questions", Text, nullable=False),
        Column("days", Integer, nullable=False),
        Column("uses", Integer, nullable=False),
        Column("retention_days", Integer, nullable=False),
        Column("salt", LargeBinary(32), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("language", String(8)),
        Column("begins_at", BigInteger),
        Column("request", LargeBinary(32)),
    )
    op.create_index("request_draft_by_bank", "request_draft", ["bank", "created_at"])
    op.create_table(
        "answer_deletion",
        Column("use", LargeBinary(32), primary_key=True),
        Column("bank", LargeBinary(32), nullable=False),
        Column("staff", LargeBinary, nullable=False),
        Column("time", BigInteger, nullable=False),
    )
    op.create_index("answer_deletion_by_bank", "answer_deletion", ["bank"])


def downgrade() -> None:
    """Forget them; what was sent stands in its own table."""
    op.drop_table("answer_deletion")
    op.drop_table("request_draft")
