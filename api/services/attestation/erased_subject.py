"""Firms that were erased: an upload that names one again is no reason to attest to it again.

What is kept of an erased firm is the blind index that its sealed rows have anyway: a keyed digest of the credit code.
Whoever holds the department's key can ask whether a given firm was erased; it says nothing of what was attested.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, insert, select, update

from api.storage import table
from api.storage.database import CHUNK, IDS, rows_among
from api.vault.key_ledger import KeyLedger

_EVERY_TYPE: Final = ""
_ERASED: Final = table.erased_subject.c
_HELD: Final = table.attestation.c


def erased_among(connection: Connection, member: bytes, schema: str, indices: Collection[bytes]) -> dict[bytes, bool]:
    """Return by blind index whether a firm is erased (True), or was and is attested to again (False)."""
    query = select(table.erased_subject).where(
        _ERASED.member == member,
        _ERASED.schema.in_((_EVERY_TYPE, schema)),
        _ERASED.subject_index.in_(IDS),
    )
    # the row of all types comes first, so that the one of this type leads
    query = query.order_by(_ERASED.schema)
    return {row.subject_index: not row.restored for row in rows_among(connection, query, indices)}


def mark_erased(connection: Connection, member: bytes, index: bytes, schema: str | None) -> None:
    """Note that a department erased a firm, of one type or of all (None)."""
    if schema is None:
        of_firm = (_ERASED.member == member) & (_ERASED.subject_index == index)
        connection.execute(update(table.erased_subject).where(of_firm).values(restored=0))
    _put(connection, member, index, _EVERY_TYPE if schema is None else schema, restored=False)


def mark_restored(connection: Connection, member: bytes, indices: Collection[bytes], schema: str) -> None:
    """Note that a department attests to erased firms again, of one type."""
    for index in indices:
        _put(connection, member, index, schema, restored=True)


def mark_unreadable(connection: Connection, keys: KeyLedger) -> None:
    """Note as erased whatever has no key and no note: an older copy of the store knows nothing of the erasure."""
    noted = select(_ERASED.subject_index).where(
        _ERASED.member == _HELD.member, _ERASED.subject_index == _HELD.subject_index
    )
    query = select(_HELD.member, _HELD.subject_index, _HELD.schema, _HELD.data_key).where(
        _HELD.live == 1, ~noted.exists()
    )
    lost: dict[tuple[bytes, bytes, str], None] = {}
    for some in connection.execute(query.execution_options(yield_per=CHUNK)).partitions():
        # a key in quarantine is there: nobody has said yet that what it opens is erased
        known = keys.held([row.data_key for row in some])
        lost |= {(row.member, row.subject_index, row.schema): None for row in some if row.data_key not in known}
    for member, index, schema in lost:
        _put(connection, member, index, schema, restored=False)


def _put(connection: Connection, member: bytes, index: bytes, schema: str, *, restored: bool) -> None:
    one = (_ERASED.member == member) & (_ERASED.subject_index == index) & (_ERASED.schema == schema)
    changed = connection.execute(update(table.erased_subject).where(one).values(restored=int(restored)))
    if not changed.rowcount:
        row = {"member": member, "subject_index": index, "schema": schema, "restored": int(restored)}
        connection.execute(insert(table.erased_subject).values(row))
