"""Firms are invited by a registrar, and their signers bring keys of their own."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Text, text

revision: Final = "0021"
down_revision: Final = "0020"

_HASH: Final = LargeBinary(32)
_ID: Final = LargeBinary(16)


def upgrade() -> None:
    """Make room for invitations and the keys that arrive."""
    op.create_table(
        "invitation",
        Column("id", _ID, primary_key=True),
        Column("registrar", _HASH, nullable=False),
        Column("subject_index", _HASH, nullable=False),
        Column("data_key", _ID, nullable=False),
        Column("sealed", LargeBinary(), nullable=False),
        Column("threshold", Integer(), nullable=False),
        Column("persons", Integer(), nullable=False),
        Column("by_post", Integer(), nullable=False),
        Column("state", String(16), nullable=False),
        Column("handled_by", Text(), nullable=False),
        Column("opened_at", BigInteger(), nullable=False),
        Column("expires_at", BigInteger(), nullable=False),
        Column("subject", _HASH),
        Column("registered_at", BigInteger()),
    )
    op.create_index("invitation_by_registrar", "invitation", ["registrar"])
    op.create_index("invitation_by_firm", "invitation", ["subject_index"])
    op.create_index("invitation_by_subject", "invitation", ["subject"])
    where = text("state = 'released'")
    op.create_index("invitation_waiting", "invitation", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "invitation_key",
        Column("invitation", _ID, ForeignKey("invitation.id"), primary_key=True),
        Column("credential", LargeBinary(), primary_key=True),
        Column("person", Integer(), nullable=False),
        Column("device", Integer(), nullable=False),
        Column("passkey", Text(), nullable=False),
        Column("synced", Integer(), nullable=False),
        Column("digits", String(4), nullable=False),
        Column("arrived_at", BigInteger(), nullable=False),
        Column("voided_at", BigInteger()),
    )


def downgrade() -> None:
    """Forget them; firms that were registered stay so."""
    op.drop_table("invitation_key")
    for name in ("waiting", "by_subject", "by_firm", "by_registrar"):
        op.drop_index(f"invitation_{name}", "invitation")
    op.drop_table("invitation")
