"""One-time codes: what attaches a passkey, or hands a firm to a bank, is tried a few times and spent once."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision: Final = "0014"
down_revision: Final = "0013"

_HASH: Final = LargeBinary(32)


def upgrade() -> None:
    """Make room for codes and for wrong tries."""
    op.create_table(
        "one_time_code",
        Column("kind", String(16), primary_key=True),
        Column("place", _HASH, primary_key=True),
        Column("digest", _HASH, nullable=False),
        Column("holder", LargeBinary(), nullable=False),
        Column("expires_at", BigInteger(), nullable=False),
        Column("tries_left", Integer(), nullable=False),
        Column("spent_at", BigInteger()),
    )
    op.create_index("one_time_code_by_holder", "one_time_code", ["kind", "holder"])
    op.create_index("one_time_code_by_end", "one_time_code", ["expires_at"])
    op.create_table(
        "code_try",
        Column("origin", _HASH, primary_key=True),
        Column("wrong", Integer(), nullable=False),
        Column("until", BigInteger(), nullable=False),
    )
    op.create_index("code_try_by_end", "code_try", ["until"])


def downgrade() -> None:
    """Forget them; codes are given out anew."""
    op.drop_index("code_try_by_end", "code_try")
    op.drop_table("code_try")
    op.drop_index("one_time_code_by_end", "one_time_code")
    op.drop_index("one_time_code_by_holder", "one_time_code")
    op.drop_table("one_time_code")
