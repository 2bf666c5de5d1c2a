"""Data keys leave the store for the key ledger, and nothing of an erased attestation stays recognisable.

Answers that were kept for Idempotency-Keys were sealed under keys of the store; that they were given stays known,
what they said does not. Tags of rows were keyed so that they outlived an erasure; they are blanked, so a department
that sends the same row again issues it once more. Both are so in either direction.
"""

from typing import Final

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, column, table, update

from api.storage.migration.key_move import take_keys_back, take_keys_out

revision: Final = "0002"
down_revision: Final = "0001"

_ID: Final = LargeBinary(16)
_NO_TAG: Final = bytes(32)


def upgrade() -> None:
    """Move the keys out."""
    op.create_table(
        "key_link",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("ledger", _ID, nullable=False),
    )
    op.create_table(
        "key_removal",
        Column("id", _ID, primary_key=True),
        Column("erases", Integer(), nullable=False),
    )
    take_keys_out(op.get_bind(), op.get_context())
    op.drop_table("data_key")
    op.add_column("idempotent_call", Column("data_keys", LargeBinary()))
    op.drop_column("idempotent_call", "wrapped")
    _blank()


def downgrade() -> None:
    """Take the keys back."""
    op.create_table("data_key", Column("id", _ID, primary_key=True), Column("wrapped", LargeBinary(), nullable=False))
    take_keys_back(op.get_bind(), op.get_context())
    op.drop_table("key_removal")
    op.drop_table("key_link")
    op.add_column("idempotent_call", Column("wrapped", LargeBinary()))
    op.drop_column("idempotent_call", "data_keys")
    _blank()


def _blank() -> None:
    attestation = table("attestation", column("row_tag", LargeBinary()))
    op.execute(update(attestation).values(row_tag=_NO_TAG))
    call = table("idempotent_call", column("sealed", LargeBinary()))
    op.execute(update(call).values(sealed=None))
