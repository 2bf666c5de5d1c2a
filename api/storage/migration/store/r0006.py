"""What the ledger refused is closed with its reason, and what waits for the ledger is found by an index."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, String, text

revision: Final = "0006"
down_revision: Final = "0005"

_HASH: Final = LargeBinary(32)
_WAITING: Final = (
    ("batch", ("member", "number"), "start IS NULL"),
    ("subject", ("id",), "registration IS NULL"),
    ("subject_controllers", ("subject",), "since IS NULL"),
    ("subject_recovery", ("subject",), "requested_at IS NULL"),
    ("consent", ("id",), '"transaction" IS NULL AND refusal IS NULL'),
    ("consent_request", ("id",), '"transaction" IS NULL'),
    ("access_interval", ("number",), "start IS NULL"),
)


def upgrade() -> None:
    """Give refusals their place, and what waits its indexes."""
    op.add_column("consent", Column("refusal", String(64)))
    op.create_table(
        "subject_refusal",
        Column("subject", _HASH, primary_key=True),
        Column("kind", String(16), primary_key=True),
        Column("number", BigInteger(), primary_key=True),
        Column("commitment", _HASH, primary_key=True),
        Column("reason", String(64), nullable=False),
        Column("time", BigInteger(), nullable=False),
    )
    for table, columns, where in _WAITING:
        op.create_index(
            f"{table}_waiting", table, list(columns), sqlite_where=text(where), postgresql_where=text(where)
        )


def downgrade() -> None:
    """Forget refusals; what was refused is tried again then."""
    for table, _, _ in _WAITING:
        op.drop_index(f"{table}_waiting", table)
    op.drop_table("subject_refusal")
    op.drop_column("consent", "refusal")
