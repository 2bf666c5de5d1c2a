"""Subjects of contract set 2: ids come of a salt, signatures have a deadline, and recoveries name their entry.

Recoveries that were requested before say nothing any more.
"""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Text, text

revision: Final = "0010"
down_revision: Final = "0009"

_HASH: Final = LargeBinary(32)


def upgrade() -> None:
    """Make room for salts, deadlines and entries."""
    op.add_column("subject", Column("salt", _HASH))
    op.add_column("subject_controllers", Column("deadline", BigInteger()))
    _replace_recoveries("completable_at", Column("entry", Integer(), nullable=False))


def downgrade() -> None:
    """Forget all of it."""
    _replace_recoveries("requested_at")
    op.drop_column("subject_controllers", "deadline")
    op.drop_column("subject", "salt")


def _replace_recoveries(time: str, *more: Column[int]) -> None:
    op.drop_table("subject_recovery")
    op.create_table(
        "subject_recovery",
        Column("subject", _HASH, ForeignKey("subject.id"), primary_key=True),
        Column("number", BigInteger(), primary_key=True),
        Column("controllers", Text(), nullable=False),
        Column("commitment", _HASH, nullable=False),
        Column(time, BigInteger()),
        *more,
    )
    where = text(f"{time} IS NULL")
    op.create_index(
        "subject_recovery_waiting", "subject_recovery", ["subject"], sqlite_where=where, postgresql_where=where
    )
