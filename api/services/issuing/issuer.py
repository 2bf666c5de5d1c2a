"""Issuing: rows become sealed vault records and one signed, anchored batch.

A batch is drafted first: rows in an order that says nothing, each committed to and sealed under a new key.

Durable steps; a kill between any two loses nothing:
1. The key ledger holds the data keys.
2. One store transaction holds the vault records, the signed batch and the progress of the job.
3. The batch is anchored.
4. The store holds the anchor.
5. Of the positions that it supersedes, those that its list has no room for are set by status changes.

After a kill between 2 and 4 the next start sends the batch again. Its number makes it land once; if it cannot be
anchored any more, it is signed again (``anchoring``). After a kill between 1 and 2 the data keys open nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy import Connection, bindparam, insert, select, update

from api.catalogue.datatype import DataType
from api.ingestion.row import Rejection, Row
from api.services.attestation.commitment_pool import CommitPool
from api.services.attestation.erased_subject import mark_restored
from api.services.attestation.stored_attestation import text_of
from api.services.issuing.anchoring import BatchAnchors
from api.services.issuing.batch_draft import BatchDraft, draft_batch
from api.services.issuing.job import Progress, save_progress
from api.services.issuing.row_classifier import PLAIN, Permission, classify_rows
from api.services.issuing.status_change import StatusChanges, deadline_from
from api.storage import table
from api.storage.database import Store
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.chain.port import Block, Ledger, StreamHead
from ledger_node.domain.batch import ATTESTATIONS, NO_ROOT, Batch
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.status import MAX_WORDS, changes_digest, fold


class Issuer:
    """Issues blocks of rows for one department; one block at a time. ``now``: seconds since 1970-01-01 UTC.

    ``status_changes``: changes the status of what the department attested.
    """

    def __init__(
        self,
        department: Department,
        store: Store,
        keys: KeyLedger,
        ledger: Ledger,
        pool: CommitPool,
        now: Callable[[], int],
    ) -> None:
        self.department = department
        self.status_changes = StatusChanges(department, store, ledger, now)
        self._store = store
        self._keys = keys
        self._ledger = ledger
        self._pool = pool
        self._now = now
        self._anchors = BatchAnchors(department, store, ledger, self.status_changes, now)
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
            with suppress(ChainError):
                # it holds up no other batch; it is tried again on its own
                self._anchors.mark_pending()
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

    def mark_pending(self) -> None:
        """Set what the lists of anchored batches had no room for.

        Raises:
            ChainError: not all is set; nothing is lost.
        """
        with self._store.locks.lock("issuer", self.department.member):
            self._anchors.mark_pending()

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
        block = self._ledger.head()
        with self._store.begin() as connection:
            if draft.root is not None:
                number = self._add_batch(connection, draft, draft.root, block, progress)
                connection.execute(insert(table.attestation), [{**row, "batch": number} for row in draft.rows])
            restored = {item.subject_index for item in draft.items if item.restores}
            mark_restored(connection, self.department.member, restored, schema)
            if progress is not None:
                save_progress(connection, len(draft.rows), rejections, unchanged, progress)

    def _add_batch(
        self, connection: Connection, draft: BatchDraft, root: bytes, block: Block, progress: Progress | None
    ) -> int:
        """Sign a batch and store it. ``block``: the newest one, behind which it will be anchored."""
        member = self.department.member
        superseded = [item.supersedes for item in draft.items if item.supersedes is not None]
        number, previous_root = self._next_place(connection)
        words, masks = fold(row.start + row.leaf for row in superseded)
        listed, rest = (words[:MAX_WORDS], masks[:MAX_WORDS]), (words[MAX_WORDS:], masks[MAX_WORDS:])
        size, deadline = len(draft.rows), deadline_from(block.time, self._now())
        batch = Batch(member, ATTESTATIONS, number, root, size, previous_root, changes_digest(*listed), deadline)
        signature = self.department.signer(KeyPurpose.ATTEST).sign(batch.digest(self._ledger.anchor_domain))
        connection.execute(
            insert(table.batch).values(
                member=member,
                number=number,
                job=None if progress is None else progress.job,
                root=root,
                size=size,
                previous_root=previous_root,
                supersedes=text_of(*listed),
                rest=text_of(*rest) if rest[0] else None,
                deadline=deadline,
                signed_since=block.number,
                signature=signature,
            )
        )
        if superseded:
            connection.execute(
                update(table.attestation).where(table.attestation.c.digest == bindparam("old")).values(live=0),
                [{"old": row.digest} for row in superseded],
            )
        return number

    def _next_place(self, connection: Connection) -> tuple[int, bytes]:
        """Return number and previous root of the next batch."""
        batch = table.batch.c
        mine = select(batch.number, batch.root).where(batch.member == self.department.member)
        last = connection.execute(mine.order_by(batch.number.desc()).limit(1)).first()
        number, previous_root = (1, NO_ROOT) if last is None else (last.number + 1, last.root)
        if self._head is not None and self._head.number >= number:
            number, previous_root = self._head.number + 1, self._head.last_root
        return number, previous_root


def unanchored(store: Store) -> list[bytes]:
    """Return the departments of which batches are signed and not known to be anchored."""
    return store.scalars(select(table.batch.c.member).where(table.batch.c.start.is_(None)).distinct())


def unmarked(store: Store) -> list[bytes]:
    """Return the departments of which anchored batches supersede positions that are not known to be set."""
    batch = table.batch.c
    return store.scalars(select(batch.member).where(batch.rest.is_not(None), batch.start.is_not(None)).distinct())
