"""Sorting the rows of a block: which are news, which say what is already attested, which cannot be issued."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import bindparam, select

from api.ingestion.row import Rejection, Row
from api.services.member_key import Department
from api.storage import table
from api.storage.database import Store
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema

_LOOKUP: Final = 500
_TAG: Final = b"credence/vault/row"
_Key: TypeAlias = tuple[bytes, int, int, bytes]
"""What tells attestations of a department and type apart: blind index of the firm, period, blind index of the kind."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to issue: its blind indices, and the live attestation that it supersedes."""

    row: Row
    subject_index: bytes
    kind_index: bytes
    supersedes: Any


@dataclass(frozen=True, slots=True)
class Sorted:
    """A sorted block. ``unchanged``: line and the digest of the attestation that stands."""

    new: list[NewRow]
    unchanged: list[tuple[int, bytes]]
    refused: list[Rejection]


def sort_rows(
    store: Store, keys: KeyLedger, department: Department, schema: Schema, rows: Sequence[Row], *, job: str | None
) -> Sorted:
    """Sort ``rows`` against what is live in the vault of ``department``; ``job`` is the one they come from."""
    kek = department.kek
    indexed = [(row, kek.index(row.credit_code.encode())) for row in rows]
    live = _live(store, department.member, schema.name, [subject_index for _, subject_index in indexed])
    wrapped = keys.get([held.data_key for held in live.values()])
    new: dict[_Key, NewRow] = {}
    unchanged: list[tuple[int, bytes]] = []
    refused: list[Rejection] = []
    for row, subject_index in indexed:
        kind_index = kek.kind_index(row.credit_code, schema.name, _kind_of(schema, row))
        key = (subject_index, row.period.first, row.period.last, kind_index)
        held = live.get(key)
        data_key = None if held is None else wrapped.get(held.data_key)
        if key in new or (held is not None and job is not None and held.job == job):
            message = "the file has an earlier row of this firm and period; keep one of them"
            refused.append(Rejection(row.line, None, Reason.ROW_REPEATED, message))
        elif held is not None and data_key is not None and held.row_tag == row_tag(kek.unwrap(data_key), row, schema):
            unchanged.append((row.line, held.digest))
        elif held is not None and data_key is not None and held.as_of > row.as_of:
            message = "a newer row of this firm and period is already attested"
            refused.append(Rejection(row.line, None, Reason.ROW_OUTDATED, message))
        else:
            # nothing can be shown of what was erased, so the same row is news again
            new[key] = NewRow(row, subject_index, kind_index, held)
    return Sorted(list(new.values()), unchanged, refused)


def _kind_of(schema: Schema, row: Row) -> list[tuple[str, str]]:
    """Return the values that tell a row from others of its firm and period."""
    return [(per.field.name, str(row.values[per.field.index])) for per in schema.per]


def _live(store: Store, member: bytes, schema: str, indices: list[bytes]) -> dict[_Key, Any]:
    held = table.attestation
    found: dict[_Key, Any] = {}
    query = (
        select(
            held.c.digest,
            held.c.subject_index,
            held.c.kind_index,
            held.c.row_tag,
            held.c.period_first,
            held.c.period_last,
            held.c.as_of,
            held.c.job,
            held.c.leaf,
            held.c.data_key,
            table.batch.c.start,
        )
        .join(
            table.batch,
            (table.batch.c.member == held.c.member) & (table.batch.c.number == held.c.batch),
        )
        .where(held.c.member == member, held.c.schema == schema, held.c.live == 1)
        .where(held.c.subject_index.in_(bindparam("indices", expanding=True)))
    )
    with store.connect() as connection:
        for start in range(0, len(indices), _LOOKUP):
            for row in connection.execute(query, {"indices": indices[start : start + _LOOKUP]}):
                found[row.subject_index, row.period_first, row.period_last, row.kind_index] = row
    return found


def row_tag(data_key: bytes, row: Row, schema: Schema) -> bytes:
    """Return what tells whether a row says what its attestation says; it says nothing once the key is erased.

    ``data_key``: of the attestation. The same values mean something else in another version of the ``schema``.
    """
    return hmac_sha256(data_key, _TAG + schema.id + _row_bytes(row))


def _row_bytes(row: Row) -> bytes:
    return json.dumps(
        [
            row.credit_code,
            row.period.first,
            row.period.last,
            row.as_of,
            [repr(value) for value in row.values],
        ],
        ensure_ascii=False,
    ).encode()
