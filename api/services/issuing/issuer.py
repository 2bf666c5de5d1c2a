"""Issuing: rows become sealed vault records and one signed, anchored batch.

Order of durable steps, each survived by a kill at any moment: (1) the key ledger holds the data keys; (2) one store
transaction holds the vault records, the signed batch and the job's progress; (3) the batch is anchored; (4) the anchor
is noted. What stops between (2) and (4) is sent again at the next start: the batch's number makes it land once, and
where it was overtaken it is signed anew (``anchoring``). Keys that no record was sealed under, after a kill between (1)
and (2), open nothing.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from api.catalogue.datatype import DataType
from api.ingestion.row import Rejection, Row
from api.services.attestation.commitment_pool import CommitPool, committer_of
from api.services.attestation.erased_subject import mark_restored
from api.services.attestation.row import text_of
from api.services.issuing.batch_anchor import BatchAnchors
from api.services.issuing.row_classifier import PLAIN, NewRow, Permission, classify_rows, row_tag
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import seal
from api.vault.department import Department
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from api.vault.sealed_content import VaultRecord
from ledger_node.chain.port import Ledger, StreamHead
from ledger_node.domain.batch import ATTESTATIONS, NO_ROOT, Batch, batch_tree, changes_digest
from ledger_node.domain.error import InvalidInputError, StoreError
from ledger_node.domain.header import NO_PREDECESSOR, Header
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.status import fold
from ledger_node.domain.tree import path_of
from ledger_node.randomness import random_bytes, shuffled


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands before and after a block: written in the same transaction as the block.

    ``blank``: lines of the block that say nothing. A job that stands elsewhere meanwhile is worked on by another
    process, and the block must not stand.
    """

    job: str
    lines_before: int
    lines_read: int
    blank: int = 0


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
        are noted with the job and not issued.

        Raises:
            InvalidInputError: ``issuer_not_allowed``; nothing is stored of these rows, and what stands stays.
            ChainError: the batch is durably stored but not anchored yet; ``anchor_pending`` finishes it.
        """
        with self._turn():
            self._anchors.settle()
            if rows:
                self.require_allowed(data_type.schema)
            department = self.department
            if self._head is None:
                # a store that was restored may lack batches that the ledger holds; what comes stands behind them
                self._head = self._ledger.stream_head(department.member, ATTESTATIONS)
            found = classify_rows(self._store, self._keys, department, data_type.schema, rows, permission)
            digests = self._prepare(data_type, found.new, now, [*rejections, *found.refused], found.unchanged, progress)
            self._anchors.settle()
        return digests

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
        with self._turn():
            self._anchors.settle()

    def _turn(self) -> AbstractContextManager[None]:
        return self._store.locks.lock("issuer", self.department.member)

    def _prepare(
        self,
        data_type: DataType,
        new: Sequence[NewRow],
        now: int,
        rejections: Sequence[Rejection],
        unchanged: Sequence[tuple[int, bytes]],
        progress: Progress | None,
    ) -> list[bytes]:
        order = shuffled(len(new))
        shuffled_rows = [new[position] for position in order]
        committed = self._pool.commit(
            committer_of(data_type.schema.id), [(item.row.credit_code, item.row.values) for item in shuffled_rows]
        )
        headers = [
            Header(
                schema_id=data_type.schema.id,
                fields_root=commitment.fields_root,
                subject_tag=commitment.subject_tag,
                issuer=self.department.member,
                issued_at=now,
                valid_until=data_type.schema.valid_until(
                    item.row.values, issued_at=now, valid_days=data_type.valid_days
                ),
                as_of=item.row.as_of,
                period=item.row.period,
                supersedes=NO_PREDECESSOR if item.supersedes is None else item.supersedes.digest,
                chain_id=self._ledger.anchor_domain.chain_id,
                anchor_registry=self._ledger.anchor_domain.contract,
            )
            for item, commitment in zip(shuffled_rows, committed, strict=True)
        ]
        digests = [header.digest for header in headers]
        levels = batch_tree(digests) if digests else []
        keys: dict[bytes, bytes] = {}
        records = []
        for leaf, (item, header, commitment) in enumerate(zip(shuffled_rows, headers, committed, strict=True)):
            key, wrapped = self.department.kek.new_data_key()
            key_id = random_bytes(KEY_ID_BYTES)
            secret = VaultRecord(commitment.seed, item.row.credit_code, item.row.values).to_bytes()
            keys[key_id] = wrapped
            records.append(
                {
                    "digest": digests[leaf],
                    "member": header.issuer,
                    "schema": data_type.schema.name,
                    "schema_id": data_type.schema.id,
                    "subject_index": item.subject_index,
                    "kind_index": item.kind_index,
                    "row_tag": row_tag(key, item.row, data_type.schema),
                    "period_first": header.period.first,
                    "period_last": header.period.last,
                    "as_of": header.as_of,
                    "newest_as_of": item.newest_as_of,
                    "fields_root": header.fields_root,
                    "subject_tag": header.subject_tag,
                    "issued_at": header.issued_at,
                    "valid_until": header.valid_until,
                    "supersedes": header.supersedes,
                    "data_key": key_id,
                    "sealed": seal(key, secret, digests[leaf]),
                    "leaf": leaf,
                    "path": b"".join(path_of(levels, leaf)),
                    "job": None if progress is None else progress.job,
                    "line": item.row.line,
                    "live": 1,
                }
            )
        self._keys.put(keys)
        with self._store.begin() as connection:
            if records:
                superseded = [item.supersedes for item in shuffled_rows if item.supersedes is not None]
                number = self._add_batch(connection, levels[-1][0], len(records), superseded, progress)
                connection.execute(insert(table.attestation), [{**record, "batch": number} for record in records])
            restored = {item.subject_index for item in shuffled_rows if item.restores}
            mark_restored(connection, self.department.member, restored, data_type.schema.name)
            _note(connection, len(records), rejections, unchanged, progress)
        return digests

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
    query = select(table.batch.c.member).where(table.batch.c.start.is_(None)).distinct()
    with store.connect() as connection:
        return list(connection.execute(query).scalars())


def _note(
    connection: Connection,
    issued: int,
    rejections: Sequence[Rejection],
    unchanged: Sequence[tuple[int, bytes]],
    progress: Progress | None,
) -> None:
    if progress is None:
        return
    if rejections:
        connection.execute(
            insert(table.job_rejection),
            [
                {
                    "job": progress.job,
                    "line": rejection.line,
                    "field": rejection.field,
                    "reason": rejection.reason.value,
                    "message": rejection.message,
                }
                for rejection in rejections
            ],
        )
    if unchanged:
        connection.execute(
            insert(table.job_unchanged),
            [{"job": progress.job, "line": line, "digest": digest} for line, digest in unchanged],
        )
    noted = connection.execute(
        update(table.job)
        .where(table.job.c.id == progress.job, table.job.c.lines_read == progress.lines_before)
        .where(table.job.c.state == "running")
        .values(
            lines_read=progress.lines_read,
            blank=table.job.c.blank + progress.blank,
            rows_read=table.job.c.rows_read + issued + len(unchanged) + len(rejections),
            # whatever the job waited for, it goes on
            reason=None,
            message=None,
            issued=table.job.c.issued + issued,
            unchanged=table.job.c.unchanged + len(unchanged),
            rejected=table.job.c.rejected + len(rejections),
        )
    )
    if noted.rowcount != 1:
        raise StoreError(Reason.STORE_UNAVAILABLE, "another process works on this job")
