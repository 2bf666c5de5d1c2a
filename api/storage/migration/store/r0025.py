"""Names of signers are sealed under the data key of their firm, and go with it when the firm is erased."""

from typing import Any, Final

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Text, text

revision: Final = "0025"
down_revision: Final = "0024"


def upgrade() -> None:
    """Drop names that lie open: changes that wait are drawn up anew, and what the ledger has needs no lines."""
    op.execute(text("UPDATE subject_controllers SET lines = NULL WHERE since IS NOT NULL"))
    _make([Column("sealed", LargeBinary, nullable=False)], Column("sealed", LargeBinary, nullable=False))


def downgrade() -> None:
    """Drop what an earlier program cannot open."""
    drafted = [Column(name, Text, nullable=False) for name in ("names", "lines")]
    _make(drafted, Column("name", String(128), nullable=False))


def _make(drafted: list[Column[Any]], offered: Column[Any]) -> None:
    op.drop_table("device_offer")
    op.drop_table("rotation_draft")
    op.create_table(
        "rotation_draft",
        Column("id", LargeBinary(16), primary_key=True),
        Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
        Column("entry", Integer, nullable=False),
        Column("controllers", Text, nullable=False),
        *drafted,
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
        offered,
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
