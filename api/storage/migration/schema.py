"""The databases that have versions: their tables, and where the versions of them are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData

from api.storage import table

_HERE: Final = Path(__file__).parent
BASE: Final = "base"
"""The version before the first one: nothing is there."""


@dataclass(frozen=True)
class Schema:
    """A database. ``head``: the version that this program works with; ``folder``: of the modules of all versions.

    ``shared``: tables that only a database has which several processes share. ``before_versions``: a table by which
    one is known that was made before there were versions, and is as version 0001 is. ``version_table``: names the
    version, and the database, since no two have one of the same name.
    """

    name: str
    head: str
    version_table: str
    metadata: MetaData
    shared: MetaData | None = None
    before_versions: str | None = None

    @property
    def folder(self) -> Path:
        """Where its versions are."""
        return _HERE / self.name


STORE: Final = Schema(
    "store",
    "0026",
    "alembic_version",
    table.metadata,
    table.shared_metadata,
    before_versions="job",
)
KEYS: Final = Schema("keys", "0002", "key_ledger_version", table.key_metadata)
