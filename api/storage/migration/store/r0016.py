"""Several persons sign on pages, one after the other; what the first ones signed waits in the store."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Text

revision: Final = "0016"
down_revision: Final = "0015"

_ID_BYTES: Final = 32


def upgrade() -> None:
    """Make room for it; nothing waits yet."""
    op.create_table(
        "draft",
        Column("id", LargeBinary(_ID_BYTES), primary_key=True),
        Column("request", LargeBinary(_ID_BYTES), nullable=False),
        Column("subject", LargeBinary(_ID_BYTES), ForeignKey("subject.id"), nullable=False),
        Column("entry", Integer, nullable=False),
        Column("drawn_up_at", BigInteger, nullable=False),
        Column("terms", Text, nullable=False),
        Column("bounds", Text, nullable=False),
        Column("cancelled", Boolean, nullable=False),
    )
    op.create_index("draft_by_subject", "draft", ["subject"])
    op.create_index("draft_by_request", "draft", ["request"])
    op.create_table(
        "collected_signature",
        Column("digest", LargeBinary(_ID_BYTES), primary_key=True),
        Column("person", Integer, primary_key=True, autoincrement=False),
        Column("subject", LargeBinary(_ID_BYTES), ForeignKey("subject.id"), nullable=False),
        Column("entry", Integer, nullable=False),
        Column("signature", Text, nullable=False),
    )
    op.create_index("collected_signature_by_subject", "collected_signature", ["subject"])


def downgrade() -> None:
    """Forget it; whoever signed signs again."""
    op.drop_table("collected_signature")
    op.drop_table("draft")
