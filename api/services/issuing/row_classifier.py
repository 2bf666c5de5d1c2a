"""Sorting the rows of a block: which are news, which say what is already attested, which cannot be issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, select

from api.ingestion.row import Rejection, Row, kind_of
from api.services.attestation.erased_subject import erased_among
from api.services.issuing.repeated_rows import row_bytes
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema

_TAG: Final = b"credence/vault/row"
NO_TAG: Final = bytes(HASH_BYTES)
"""In the place of a row's tag: the ledger holds the attestation dead, and the same row is to be attested to again."""
_Key: TypeAlias = tuple[bytes, int, int, bytes]
"""What tells attestations of a department and type apart: blind index of the firm, period, blind index of the kind."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What a department says of an upload beyond its rows.

    ``corrects``: a row may replace what is as new or newer. ``restores``: a row may be about a firm that was erased.
    """

    corrects: bool = False
    restores: bool = False


PLAIN: Final = Permission()
"""Nothing is said: rows bring what is newer, about firms that are not erased."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to issue: its blind indices, and the live attestation that it supersedes.

    ``newest_as_of``: the latest day that it and what it supersedes are of. ``restores``: its firm was erased.
    """

    row: Row
    subject_index: bytes
    kind_index: bytes
    supersedes: Any
    newest_as_of: int
    restores: bool


@dataclass(frozen=True, slots=True)
class RowDecisions:
    """A sorted block. ``unchanged``: line and the digest of the attestation that stands."""

    new: list[NewRow]
    unchanged: list[tuple[int, bytes]]
    refused: list[Rejection]


def classify_rows(
    store: Store, keys: KeyLedger, department: Department, schema: Schema, rows: Sequence[Row], permission: Permission
) -> RowDecisions:
    """Sort ``rows``, no two of one firm, period and kind, against what is live in the vault of ``department``."""
    kek = department.kek
    indexed = [(row, kek.blind_index(row.credit_code)) for row in rows]
    indices = [subject_index for _, subject_index in indexed]
    with store.connect() as connection:
        live = _live(connection, department.member, schema.name, indices)
        erased = erased_among(connection, department.member, schema.name, indices)
    wrapped = keys.get([held.data_key for held in live.values()])
    hidden = keys.quarantines.hidden({held.data_key for held in live.values()} - wrapped.keys())
    new: list[NewRow] = []
    unchanged: list[tuple[int, bytes]] = []
    refused: list[Rejection] = []
    for row, subject_index in indexed:
        kind_index = kek.kind_index(row.credit_code, schema.name, kind_of(row, schema))
        held = live.get((subject_index, row.period.first, row.period.last, kind_index))
        data_key = None if held is None else wrapped.get(held.data_key)
        is_erased = erased.get(subject_index, held is not None and data_key is None)
        if held is not None and held.data_key in hidden:
            refused.append(Rejection(row.line, None, Reason.QUARANTINED, _QUARANTINED))
        elif is_erased and not permission.restores:
            refused.append(Rejection(row.line, None, Reason.SUBJECT_ERASED, _ERASED))
        elif held is None or data_key is None:
            # nothing can be shown of what was erased, so it is not corrected either
            new.append(NewRow(row, subject_index, kind_index, held, row.as_of, is_erased))
        elif held.row_tag == row_tag(kek.unwrap(data_key), row, schema):
            unchanged.append((row.line, held.digest))
        elif held.newest_as_of < row.as_of or permission.corrects or _is_dead(held, row):
            new.append(NewRow(row, subject_index, kind_index, held, max(row.as_of, held.newest_as_of), is_erased))
        elif held.newest_as_of == row.as_of:
            needed = _NEEDED if held.schema_id == schema.id else _OTHER_VERSION
            refused.append(Rejection(row.line, None, Reason.CORRECTION_NEEDED, needed))
        else:
            refused.append(Rejection(row.line, None, Reason.ROW_OUTDATED, _OUTDATED))
    return RowDecisions(new, unchanged, refused)


_QUARANTINED: Final = (
    "the ledger calls what is attested of this firm erased, and the operator has not said yet whether it is"
)
_ERASED: Final = "the department has erased this firm; it is attested to again only if the upload says so"
_NEEDED: Final = "something else of this firm, period and day is attested; send it as a correction if this is right"
_OTHER_VERSION: Final = (
    "this firm, period and day is attested by another version of the type; send it as a correction to attest it anew"
)
_OUTDATED: Final = "a newer row of this firm and period is attested; send it as a correction if this is right"


def _is_dead(held: Any, row: Row) -> bool:  # noqa: ANN401 - a row of the attestation table
    """Return whether somebody else ended on the ledger what is attested, and ``row`` may say it again."""
    return bool(held.row_tag == NO_TAG and held.newest_as_of == row.as_of)


def _live(connection: Connection, member: bytes, schema: str, indices: list[bytes]) -> dict[_Key, Any]:
    held = table.attestation
    query = (
        select(
            held.c.digest,
            held.c.schema_id,
            held.c.subject_index,
            held.c.kind_index,
            held.c.row_tag,
            held.c.period_first,
            held.c.period_last,
            held.c.newest_as_of,
            held.c.leaf,
            held.c.data_key,
            table.batch.c.start,
        )
        .join(
            table.batch,
            (table.batch.c.member == held.c.member) & (table.batch.c.number == held.c.batch),
        )
        .where(held.c.member == member, held.c.schema == schema, held.c.live == 1)
        .where(held.c.subject_index.in_(IDS))
    )
    return {
        (row.subject_index, row.period_first, row.period_last, row.kind_index): row
        for row in rows_among(connection, query, indices)
    }


def row_tag(data_key: bytes, row: Row, schema: Schema) -> bytes:
    """Return what tells whether a row says what its attestation says; it says nothing once the key is erased.

    ``data_key``: of the attestation. The same values mean something else in another version of the ``schema``.
    """
    return hmac_sha256(data_key, _TAG + schema.id + row_bytes(row))
