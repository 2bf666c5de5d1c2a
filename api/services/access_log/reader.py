"""Reading the access log: a subject its own rows, a bank its own; nobody those of others."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from api.services.access_log.row_proof import OpenRow
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import unseal
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.access import AccessRow, Checkpoint, Place, Tally
from ledger_node.domain.batch import ACCESS_LOG, Anchor
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_ROW: Final = table.access_row.c
_INTERVAL: Final = table.access_interval.c
_JOINED: Final = select(
    table.access_row,
    *(column for column in _INTERVAL if column.name != "number"),
).outerjoin(table.access_interval, _INTERVAL.number == _ROW.interval)


class AccessReader:
    """Opens rows for the two parties they are about. ``registrar`` holds the data keys."""

    def __init__(self, store: Store, keys: KeyLedger, registrar: Department, operator: bytes) -> None:
        self._store = store
        self._keys = keys
        self._kek = registrar.kek
        self.operator = operator

    def of_subject(self, subject: bytes, *, after: bytes | None, limit: int) -> list[dict[str, JSON]]:
        """Return rows about the consents of a subject, oldest first, from the one behind the leaf ``after``.

        Raises:
            InvalidInputError: ``not_found``; no row of this subject has the leaf ``after``.
        """
        return self._rows(_ROW.subject == subject, after, limit)

    def of_bank(self, bank: bytes, *, after: bytes | None, limit: int) -> list[dict[str, JSON]]:
        """Return rows of what a bank asked, as ``of_subject`` does."""
        return self._rows(_ROW.bank == bank, after, limit)

    def count_of_subject(self, subject: bytes, *, since: int) -> int:
        """Return how often banks looked at a subject from a time on: the questions of one use are one look."""
        looks = func.count(func.distinct(func.coalesce(_ROW.use, _ROW.leaf)))
        return int(self._store.scalar(select(looks).where(_ROW.subject == subject, _ROW.time >= since)))

    def between(self, subject: bytes, *, since: int, until: int, limit: int) -> tuple[list[OpenRow], int]:
        """Return the rows about a subject of a span of time, the newest first, and how many were erased."""
        span = (_ROW.subject == subject, _ROW.time >= since, _ROW.time < until)
        return self._opened(_JOINED.where(*span).order_by(_ROW.number.desc()).limit(limit))

    def row_of_subject(self, subject: bytes, leaf: bytes) -> OpenRow:
        """Return one row about a subject.

        Raises:
            InvalidInputError: ``not_found``; there is none of this subject, or it was erased.
        """
        rows, _ = self._opened(_JOINED.where(_ROW.subject == subject, _ROW.leaf == leaf))
        if not rows:
            raise InvalidInputError(Reason.NOT_FOUND, "no row of yours has this leaf", field="leaf")
        return rows[0]

    def first_of_subject(self, subject: bytes) -> int | None:
        """Return when the first row about a subject was written; None where there is none."""
        first: int | None = self._store.scalar(select(func.min(_ROW.time)).where(_ROW.subject == subject))
        return first

    def _opened(self, query: Select[Any]) -> tuple[list[OpenRow], int]:
        rows = self._store.rows(query)
        wrapped = self._keys.get({row.data_key for row in rows})
        opened = [self._open(row, wrapped[row.data_key]) for row in rows if row.data_key in wrapped]
        return opened, len(rows) - len(opened)

    def _open(self, row: Any, wrapped: bytes) -> OpenRow:  # noqa: ANN401 - a row of _JOINED
        opened = unseal(self._kek.unwrap(wrapped), row.sealed, row.leaf)
        read = AccessRow.from_json(decode(opened[HASH_BYTES:]))
        return OpenRow(row.leaf, opened[:HASH_BYTES], read, None if row.start is None else _place(row))

    def _rows(self, mine: ColumnElement[bool], after: bytes | None, limit: int) -> list[dict[str, JSON]]:
        with self._store.connect() as connection:
            number = 0
            if after is not None:
                # rows are named by leaves: their numbers would tell how many rows others have
                found = connection.execute(select(_ROW.number).where(mine, _ROW.leaf == after)).scalar_one_or_none()
                if found is None:
                    raise InvalidInputError(Reason.NOT_FOUND, "no row of yours has this leaf", field="after")
                number = found
            query = _JOINED.where(mine, _ROW.number > number).order_by(_ROW.number).limit(limit)
            rows = connection.execute(query).all()
        wrapped = self._keys.get({row.data_key for row in rows})
        return [self._show(row, wrapped.get(row.data_key)) for row in rows]

    def _show(self, row: Any, wrapped: bytes | None) -> dict[str, JSON]:  # noqa: ANN401 - a row of _JOINED
        shown: dict[str, JSON] = {"leaf": to_hex(row.leaf), "salt": None, "row": None}
        if wrapped is not None:
            opened = unseal(self._kek.unwrap(wrapped), row.sealed, row.leaf)
            shown |= {"salt": to_hex(opened[:HASH_BYTES]), "row": decode(opened[HASH_BYTES:])}
        return shown | {"place": None if row.start is None else _place(row).to_json()}


def _place(row: Any) -> Place:  # noqa: ANN401 - a row of _JOINED
    tally = Tally(row.row_count, row.before, row.after, row.tally_salt)
    checkpoint = Checkpoint(row.batch_number, row.since, row.until, row.root, tally.digest)
    anchor = Anchor(row.member, ACCESS_LOG, checkpoint.number, row.batch_root, 1, row.start, row.anchored_at, row.key)
    path = tuple(row.path[at : at + HASH_BYTES] for at in range(0, len(row.path), HASH_BYTES))
    return Place(row.slot, path, checkpoint, anchor)
