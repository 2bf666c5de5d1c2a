"""Issuing: rows become sealed vault records and one signed, anchored batch.

A batch is drafted first: rows in an order that says nothing, each committed to and sealed under a new key.

Durable steps; a kill between any two loses nothing:
1. The key ledger holds the data keys.
2. One store transaction holds the vault records, the signed batch and the progress of the job.
3. The batch is anchored.
4. The store holds the anchor.

After a kill between 2 and 4 the next start sends the batch again. Its number makes it land once; if it was overtaken,
it is signed again (``anchoring``). After a kill between 1 and 2 the data keys open nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from api.catalogue.datatype import DataType
from api.ingestion.row import Rejection, Row
from api.services.attestation.commitment_pool import CommitPool, committer_of
from api.services.attestation.erased_subject import mark_restored
from api.services.attestation.stored_attestation import text_of
from api.services.issuing.anchoring import BatchAnchors
from api.services.issuing.job import Progress, save_progress
from api.services.issuing.row_classifier import PLAIN, NewRow, Permission, classify_rows, row_tag
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import VaultRecord, seal
from api.vault.department import Department
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from ledger_node.chain.port import Ledger, StreamHead
from ledger_node.domain.batch import ATTESTATIONS, NO_PREDECESSOR, NO_ROOT, Batch, Header
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import batch_tree, path_of
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.status import changes_digest, fold
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


class Issuer:
    """Issues blocks of rows for one department; one block at a time."""

    def __init__(self, department: Department, store: Store, keys: KeyLedger, ledger: Ledger, pool: CommitPool) -> None:
        self.department = department
        self._store = store
        self._keys = keys
        self._ledger = ledger
        self._pool = pool
        self._anchors = BatchAnchors(department, store, ledger)
        self._head: StreamHead | None = None

    def issue(
        self,
        data_type: DataType,
        rows: Sequence[Row],
        *,
        now: int,
        permission: Permission = PLAIN,
        rejections: Sequence[Rejection] = (),
        progress: Progress | None = None,
    ) -> list[bytes]:
        """Issue ``rows`` as one batch and return the digests of the new attestations.

        No two rows are of one firm and period. Rows that say what is already attested, or may not replace what is,
        are saved with the job and not issued.

        Raises:
            InvalidInputError: ``issuer_not_allowed``; nothing is stored of these rows, and what stands stays.
            ChainError: the batch is durably stored but not anchored yet; ``anchor_pending`` finishes it.
        """
        with self._store.locks.lock("issuer", self.department.member):
            self._anchors.anchor_pending()
            if rows:
                self.require_allowed(data_type.schema)
            department = self.department
            if self._head is None:
                # a store that was restored may lack batches that the ledger holds; what comes stands behind them
                self._head = self._ledger.stream_head(department.member, ATTESTATIONS)
            found = classify_rows(self._store, self._keys, department, data_type.schema, rows, permission)
            draft = draft_batch(
                data_type,
                found.new,
                department,
                self._pool,
                self._ledger.anchor_domain,
                now=now,
                job=None if progress is None else progress.job,
            )
            rejections = [*rejections, *found.refused]
            self._store_draft(draft, data_type.schema.name, rejections, found.unchanged, progress)
            self._anchors.anchor_pending()
        return draft.digests

    def require_allowed(self, schema: Schema) -> None:
        """Require that the ledger lets this department attest by ``schema`` now.

        Raises:
            InvalidInputError: ``issuer_not_allowed``, saying whose step is missing.
            ChainError: the ledger does not answer.
        """
        if self.department.member not in self._ledger.issuers().get(schema.id, frozenset()):
            raise InvalidInputError(
                Reason.ISSUER_NOT_ALLOWED,
                f"the ledger does not let {self.department.name} attest to {schema.name} in version {schema.version}; "
                "the council has to register this version and allow the department to issue it",
            )

    def anchor_pending(self) -> None:
        """Anchor what an earlier run signed and did not see anchored.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.locks.lock("issuer", self.department.member):
            self._anchors.anchor_pending()

    def _store_draft(
        self,
        draft: BatchDraft,
        schema: str,
        rejections: Sequence[Rejection],
        unchanged: Sequence[tuple[int, bytes]],
        progress: Progress | None,
    ) -> None:
        """Store keys first, and then in one transaction what they seal, the signed batch, and how far its job is."""
        self._keys.put(draft.keys)
        with self._store.begin() as connection:
            if draft.root is not None:
                superseded = [item.supersedes for item in draft.items if item.supersedes is not None]
                number = self._add_batch(connection, draft.root, len(draft.rows), superseded, progress)
                connection.execute(insert(table.attestation), [{**row, "batch": number} for row in draft.rows])
            restored = {item.subject_index for item in draft.items if item.restores}
            mark_restored(connection, self.department.member, restored, schema)
            if progress is not None:
                save_progress(connection, len(draft.rows), rejections, unchanged, progress)

    def _add_batch(
        self,
        connection: Connection,
        root: bytes,
        size: int,
        superseded: Sequence[Any],
        progress: Progress | None,
    ) -> int:
        member = self.department.member
        last = connection.execute(
            select(table.batch.c.number, table.batch.c.root)
            .where(table.batch.c.member == member)
            .order_by(table.batch.c.number.desc())
            .limit(1)
        ).first()
        number, previous_root = (1, NO_ROOT) if last is None else (last.number + 1, last.root)
        if self._head is not None and self._head.number >= number:
            number, previous_root = self._head.number + 1, self._head.last_root
        words, masks = fold(row.start + row.leaf for row in superseded)
        batch = Batch(member, ATTESTATIONS, number, root, size, previous_root, changes_digest(words, masks))
        signature = self.department.signing_key.sign(batch.digest(self._ledger.anchor_domain))
        connection.execute(
            insert(table.batch).values(
                member=member,
                number=number,
                job=None if progress is None else progress.job,
                root=root,
                size=size,
                previous_root=previous_root,
                supersedes=text_of(words, masks),
                signature=signature,
            )
        )
        if superseded:
            connection.execute(
                update(table.attestation).where(table.attestation.c.digest == bindparam("old")).values(live=0),
                [{"old": row.digest} for row in superseded],
            )
        return number


def unanchored(store: Store) -> list[bytes]:
    """Return the departments of which batches are signed and not known to be anchored."""
    return store.scalars(select(table.batch.c.member).where(table.batch.c.start.is_(None)).distinct())
