"""A store has an identity, which its homes know: an address that names another database of the same kind is refused."""

from typing import Final

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, column, insert, table

from ledger_node.randomness import random_bytes

revision: Final = "0008"
down_revision: Final = "0007"

_ONLY: Final = 1
_ID_BYTES: Final = 16
_IDENTITY: Final = table("store_identity", column("row"), column("id", LargeBinary()))


def upgrade() -> None:
    """Give the store its identity."""
    op.create_table(
        "store_identity",
        Column("row", Integer(), primary_key=True, autoincrement=False),
        Column("id", LargeBinary(_ID_BYTES), nullable=False),
    )
    op.execute(insert(_IDENTITY).values(row=_ONLY, id=random_bytes(_ID_BYTES)))


def downgrade() -> None:
    """Forget it; the next upgrade gives another one."""
    op.drop_table("store_identity")
