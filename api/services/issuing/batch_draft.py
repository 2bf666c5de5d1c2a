"""Drafting a batch: rows in an order that says nothing, each committed to and sealed under a new key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.catalogue.datatype import DataType
from api.services.attestation.commitment_pool import CommitPool, committer_of
from api.services.issuing.row_classifier import NewRow, row_tag
from api.vault.cipher import VaultRecord, seal
from api.vault.department import Department
from api.vault.key_ledger import KEY_ID_BYTES
from ledger_node.domain.batch import NO_PREDECESSOR, Header
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.hashing import batch_tree, path_of
from ledger_node.randomness import random_bytes, shuffled


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """What a batch holds, in the order of its leaves. ``root``: None where it holds nothing.

    ``rows``: of the attestation table, but for the number of the batch. ``keys``: their data keys, wrapped, by id.
    """

    items: Sequence[NewRow]
    digests: list[bytes]
    root: bytes | None
    rows: Sequence[dict[str, Any]]
    keys: dict[bytes, bytes] = field(repr=False)


def draft_batch(
    data_type: DataType,
    new: Sequence[NewRow],
    department: Department,
    pool: CommitPool,
    domain: SigningDomain,
    *,
    now: int,
    job: str | None,
) -> BatchDraft:
    """Shuffle rows, commit to their values, and seal what opens them."""
    items = [new[position] for position in shuffled(len(new))]
    committed = pool.commit(
        committer_of(data_type.schema.id), [(item.row.credit_code, item.row.values) for item in items]
    )
    headers = [
        Header(
            schema_id=data_type.schema.id,
            fields_root=commitment.fields_root,
            subject_tag=commitment.subject_tag,
            issuer=department.member,
            issued_at=now,
            valid_until=data_type.schema.valid_until(item.row.values, issued_at=now, valid_days=data_type.valid_days),
            as_of=item.row.as_of,
            period=item.row.period,
            supersedes=NO_PREDECESSOR if item.supersedes is None else item.supersedes.digest,
            chain_id=domain.chain_id,
            anchor_registry=domain.contract,
        )
        for item, commitment in zip(items, committed, strict=True)
    ]
    digests = [header.digest for header in headers]
    levels = batch_tree(digests) if digests else []
    keys: dict[bytes, bytes] = {}
    rows = []
    for leaf, (item, header, commitment) in enumerate(zip(items, headers, committed, strict=True)):
        key, wrapped = department.kek.new_data_key()
        key_id = random_bytes(KEY_ID_BYTES)
        keys[key_id] = wrapped
        secret = VaultRecord(commitment.seed, item.row.credit_code, item.row.values).to_bytes()
        rows.append(
            _header_columns(header)
            | {
                "digest": digests[leaf],
                "schema": data_type.schema.name,
                "subject_index": item.subject_index,
                "kind_index": item.kind_index,
                "row_tag": row_tag(key, item.row, data_type.schema),
                "newest_as_of": item.newest_as_of,
                "data_key": key_id,
                "sealed": seal(key, secret, digests[leaf]),
                "leaf": leaf,
                "path": b"".join(path_of(levels, leaf)),
                "job": job,
                "line": item.row.line,
                "live": 1,
            }
        )
    return BatchDraft(items, digests, levels[-1][0] if levels else None, rows, keys)


def _header_columns(header: Header) -> dict[str, Any]:
    return {
        "member": header.issuer,
        "schema_id": header.schema_id,
        "period_first": header.period.first,
        "period_last": header.period.last,
        "as_of": header.as_of,
        "fields_root": header.fields_root,
        "subject_tag": header.subject_tag,
        "issued_at": header.issued_at,
        "valid_until": header.valid_until,
        "supersedes": header.supersedes,
    }
