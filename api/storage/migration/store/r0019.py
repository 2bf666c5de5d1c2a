"""Messages outside the pages: addresses of firms, and what is on its way there."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, text

revision: Final = "0019"
down_revision: Final = "0018"

_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
_WAITS: Final = text("state = 'waiting'")


def upgrade() -> None:
    """Make room for them; nobody has left an address yet."""
    op.create_table(
        "contact",
        Column("id", LargeBinary(16), primary_key=True),
        Column("subject", LargeBinary(32), nullable=False),
        Column("channel", String(8), nullable=False),
        Column("language", String(2), nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        Column("added_at", BigInteger(), nullable=False),
        Column("confirmed_at", BigInteger()),
        Column("ended_at", BigInteger()),
    )
    op.create_index("contact_by_subject", "contact", ["subject"])
    op.create_table(
        "message",
        Column("number", _NUMBER, primary_key=True),
        Column("id", String(40), nullable=False, unique=True),
        Column("subject", LargeBinary(32), nullable=False),
        Column("contact", LargeBinary(16), nullable=False),
        Column("kind", String(32), nullable=False),
        Column("time", BigInteger(), nullable=False),
        Column("sealed", LargeBinary()),
        Column("state", String(16), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("next_at", BigInteger(), nullable=False),
        Column("ended_at", BigInteger()),
    )
    op.create_index("message_by_contact", "message", ["contact", "kind", "time"])
    op.create_index("message_by_subject", "message", ["subject"])
    op.create_index("message_by_end", "message", ["state", "ended_at"])
    op.create_index("message_waiting", "message", ["next_at"], sqlite_where=_WAITS, postgresql_where=_WAITS)


def downgrade() -> None:
    """Forget them; firms leave their addresses anew."""
    op.drop_table("message")
    op.drop_table("contact")
