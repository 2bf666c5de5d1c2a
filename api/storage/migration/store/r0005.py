"""Uploads say how far they came and what they may replace; what was erased stays erased until somebody says otherwise.

``newest_as_of`` of attestations that are there is their own day.
"""

from typing import Final

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, String, text

revision: Final = "0005"
down_revision: Final = "0004"

_HASH: Final = LargeBinary(32)
_COUNTS: Final = ("lines_read", "blank", "corrects", "restores")


def upgrade() -> None:
    """Add the columns and the table of firms that were erased."""
    for name in _COUNTS:
        op.add_column("job", Column(name, Integer(), nullable=False, server_default="0"))
    op.add_column("attestation", Column("newest_as_of", Integer(), nullable=False, server_default="0"))
    op.execute(text("UPDATE attestation SET newest_as_of = as_of"))
    op.create_table(
        "erased_subject",
        Column("member", _HASH, primary_key=True),
        Column("subject_index", _HASH, primary_key=True),
        Column("schema", String(64), primary_key=True),
        Column("restored", Integer(), nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("erased_subject")
    op.drop_column("attestation", "newest_as_of")
    for name in _COUNTS:
        op.drop_column("job", name)
