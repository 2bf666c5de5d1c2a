"""An attestation says by which version of its schema it is read, and which kind it is of its firm and period.

Until now there was one version of each type, and one attestation of a firm, type and period: those have no kind.
"""

from typing import Final

from alembic import op
from sqlalchemy import Column, LargeBinary, String, case, column, literal, table, update

revision: Final = "0004"
down_revision: Final = "0003"

_HASH: Final = LargeBinary(32)
_NONE: Final = bytes(32)
_SCHEMA_IDS: Final = {
    "penalty_summary": "2741c836452d07de5b0737bf778e0cc93fd6d0cb688ac507b32ff7063ff6171e",
    "subject_registration": "675e48a273836076d612b1655714108fb2777a1e229023f87f1a5f62a0f426a1",
    "tax_credit_rating": "c8a9d92744a3b01fe8cd89dac14c95195c7af02637032acf56bcf530f6f37d97",
    "tax_payment": "17e21829c4d65dab2c7b125c46653de79052bca13203c2b79274d71bcdee557e",
}
"""Those that a store of the version before was filled with."""


def upgrade() -> None:
    """Say what could not be told apart before."""
    op.add_column("attestation", Column("schema_id", _HASH))
    op.add_column("attestation", Column("kind_index", _HASH))
    held = table(
        "attestation", column("schema", String()), column("schema_id", _HASH), column("kind_index", LargeBinary())
    )
    ids = {name: literal(bytes.fromhex(schema_id), _HASH) for name, schema_id in _SCHEMA_IDS.items()}
    op.execute(
        update(held).values(schema_id=case(ids, value=held.c.schema, else_=literal(_NONE, _HASH)), kind_index=_NONE)
    )
    with op.batch_alter_table("attestation") as changed:
        changed.alter_column("schema_id", nullable=False, existing_type=_HASH)
        changed.alter_column("kind_index", nullable=False, existing_type=_HASH)


def downgrade() -> None:
    """Forget it; of several kinds of one firm and period, the version before takes any for the only one."""
    with op.batch_alter_table("attestation") as changed:
        changed.drop_column("kind_index")
        changed.drop_column("schema_id")
