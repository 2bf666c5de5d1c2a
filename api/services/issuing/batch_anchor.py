"""Batches of a department on their way to the ledger: those that are signed and not known to be anchored."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update

from api.services.attestation.row import superseded_of
from api.services.issuing.anchoring import anchor
from api.storage import table
from api.storage.database import Store
from api.vault.department import Department
from ledger_node.chain.port import BatchOrder, Ledger, StreamHead
from ledger_node.domain.batch import ATTESTATIONS, Batch
from ledger_node.domain.status import changes_digest

_BATCH: Final = table.batch.c
_HELD: Final = table.attestation.c


class BatchAnchors:
    """Anchors what one department signed. Whoever calls it holds the lock of the department's issuer."""

    def __init__(self, department: Department, store: Store, ledger: Ledger) -> None:
        self._department = department
        self._store = store
        self._ledger = ledger

    def anchor_pending(self) -> None:
        """Anchor what was signed and not seen anchored; one that was overtaken is signed anew behind the others.

        Raises:
            ChainError: the ledger does not answer or refuses; nothing is lost.
        """
        pending = select(table.batch).where(_BATCH.member == self._department.member, _BATCH.start.is_(None))
        with self._store.connect() as connection:
            rows = connection.execute(pending.order_by(_BATCH.number)).all()
        for row in rows:
            self._anchor(_order(row))

    def _anchor(self, order: BatchOrder) -> None:
        anchored, mined = anchor(self._ledger, order, self._department.signing_key, self._sign_behind)
        found = (
            update(table.batch)
            .where(_BATCH.member == anchored.member, _BATCH.number == anchored.number)
            .values(
                start=anchored.start,
                anchored_at=anchored.anchored_at,
                key=anchored.key,
                transaction=mined.transaction,
                block=mined.block.number,
                gas_used=mined.gas_used,
            )
        )
        with self._store.begin() as connection:
            connection.execute(found)

    def _sign_behind(self, order: BatchOrder, head: StreamHead) -> BatchOrder:
        """Sign a batch behind a head, and store it so.

        No other one waits: none is signed before the last one is anchored.
        """
        before, number = order.batch, head.number + 1
        batch = replace(before, number=number, previous_root=head.last_root)
        signature = self._department.signing_key.sign(batch.digest(self._ledger.anchor_domain))
        with self._store.begin() as connection:
            connection.execute(
                update(table.batch)
                .where(_BATCH.member == before.member, _BATCH.number == before.number)
                .values(number=number, previous_root=batch.previous_root, signature=signature)
            )
            connection.execute(
                update(table.attestation)
                .where(_HELD.member == before.member, _HELD.batch == before.number)
                .values(batch=number)
            )
        return replace(order, batch=batch, signature=signature)


def _order(row: Any) -> BatchOrder:  # noqa: ANN401 - a row of the batch table
    words, masks = superseded_of(row.supersedes)
    superseded = changes_digest(words, masks)
    batch = Batch(row.member, ATTESTATIONS, row.number, row.root, row.size, row.previous_root, superseded)
    return BatchOrder(batch, row.signature, words, masks)
