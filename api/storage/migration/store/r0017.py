"""People of members' staff: who they are, what they released, and what waits for a second one."""

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, String, Text, text

revision: Final = "0017"
down_revision: Final = "0016"

_HASH: Final = LargeBinary(32)
_ID: Final = LargeBinary(16)


def upgrade() -> None:
    """Make room for people, releases and what waits."""
    op.create_table(
        "staff_member",
        Column("id", _ID, primary_key=True),
        Column("member", _HASH, nullable=False),
        Column("name", Text(), nullable=False),
        Column("roles", Text(), nullable=False),
        Column("state", String(16), nullable=False),
        Column("invited_by", _ID),
        Column("invited_at", BigInteger(), nullable=False),
        Column("credential", LargeBinary(), unique=True),
        Column("passkey", Text()),
        Column("ended_at", BigInteger()),
    )
    op.create_index("staff_member_by_member", "staff_member", ["member"])
    op.create_table(
        "staff_release",
        Column("member", _HASH, primary_key=True),
        Column("number", BigInteger(), primary_key=True),
        Column("act", String(32), nullable=False),
        Column("content", _HASH, nullable=False),
        Column("staff", _ID),
        Column("prepared_by", _ID),
        Column("key", Text(), nullable=False),
        Column("signature", Text(), nullable=False),
        Column("time", BigInteger(), nullable=False),
    )
    op.create_index("staff_release_by_content", "staff_release", ["member", "act", "content"])
    op.create_table(
        "prepared_act",
        Column("id", _ID, primary_key=True),
        Column("member", _HASH, nullable=False),
        Column("act", String(32), nullable=False),
        Column("document", Text(), nullable=False),
        Column("prepared_by", _ID, nullable=False),
        Column("prepared_at", BigInteger(), nullable=False),
        Column("state", String(16), nullable=False),
    )
    where = text("state = 'waiting'")
    op.create_index("prepared_act_waiting", "prepared_act", ["member"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Forget them; members invite their first people anew."""
    op.drop_index("prepared_act_waiting", "prepared_act")
    op.drop_table("prepared_act")
    op.drop_index("staff_release_by_content", "staff_release")
    op.drop_table("staff_release")
    op.drop_index("staff_member_by_member", "staff_member")
    op.drop_table("staff_member")
