"""People sign in to pages with passkeys."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Text

revision: Final = "0022"
down_revision: Final = "0021"


def upgrade() -> None:
    """Make room for passkeys and sessions; nobody has signed in yet."""
    op.create_table(
        "credential",
        Column("id", LargeBinary, primary_key=True),
        Column("kind", String(16), nullable=False),
        Column("owner", LargeBinary(32), nullable=False),
        Column("person", Integer, nullable=False),
        Column("rp_id_hash", LargeBinary(32), nullable=False),
        Column("public_key", LargeBinary(64), nullable=False),
        Column("label", Text, nullable=False),
        Column("synced", Boolean, nullable=False),
        Column("added_at", BigInteger, nullable=False),
        Column("ended_at", BigInteger),
    )
    op.create_index("credential_by_owner", "credential", ["owner"])
    op.create_table(
        "session",
        Column("digest", LargeBinary(32), primary_key=True),
        Column("kind", String(16), nullable=False),
        Column("owner", LargeBinary(32), nullable=False),
        Column("staff", LargeBinary(16)),
        Column("credential", LargeBinary, nullable=False),
        Column("label", Text, nullable=False),
        Column("started_at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
        Column("fresh_at", BigInteger, nullable=False),
    )
    op.create_index("session_by_owner", "session", ["owner"])
    op.create_index("session_by_start", "session", ["started_at"])


def downgrade() -> None:
    """Forget them; people enrol and sign in anew."""
    op.drop_table("session")
    op.drop_table("credential")
