"""Firms change who signs for them on pages: the lines that were read are stored, and devices wait to be taken in."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Text

revision: Final = "0020"
down_revision: Final = "0019"


def upgrade() -> None:
    """Make room for them; of earlier changes the lines follow from the keys."""
    op.add_column("subject_controllers", Column("lines", Text))
    op.create_table(
        "rotation_draft",
        Column("id", LargeBinary(16), primary_key=True),
        Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
        Column("entry", Integer, nullable=False),
        Column("controllers", Text, nullable=False),
        Column("names", Text, nullable=False),
        Column("lines", Text, nullable=False),
        Column("language", String(8), nullable=False),
        Column("deadline", BigInteger, nullable=False),
        Column("done_at", BigInteger),
        Column("cancelled_at", BigInteger),
    )
    op.create_index("rotation_draft_by_subject", "rotation_draft", ["subject"])
    op.create_table(
        "device_offer",
        Column("id", LargeBinary(16), primary_key=True),
        Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
        Column("person", Integer, nullable=False),
        Column("name", String(128), nullable=False),
        Column("made_at", BigInteger, nullable=False),
        Column("device", String(128)),
        Column("credential", LargeBinary),
        Column("rp_id_hash", LargeBinary(32)),
        Column("public_key", LargeBinary(64)),
        Column("synced", Boolean),
        Column("arrived_at", BigInteger),
        Column("ended_at", BigInteger),
    )
    op.create_index("device_offer_by_subject", "device_offer", ["subject"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("device_offer")
    op.drop_table("rotation_draft")
    op.drop_column("subject_controllers", "lines")
