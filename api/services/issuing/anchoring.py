"""Anchoring signed batches: a batch is sent until the ledger holds it, and is signed again if it was overtaken.

A batch is signed with its number, the root before it, and a key. Before it is anchored, somebody else who signs for
the member may take its number, such as a thief of the key. Or the key ends. Then the batch is signed again, behind the
head of the ledger, with the present key of this instance. Headers name no batch, so attestations stay the same.

Durable steps; a kill between any two loses nothing:
1. The store holds number, previous root and signature.
2. The batch is sent.
3. The store holds the anchor.

Once a batch is signed again, its earlier signature can never be anchored: the ledger gives no number twice, and a key
that ended never begins again. So a batch is anchored once.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update

from api.services.attestation.stored_attestation import superseded_of
from api.storage import table
from api.storage.database import Store
from api.vault.department import Department
from ledger_node.chain.port import BatchOrder, Ledger, Mined, StreamHead
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.batch import ATTESTATIONS, Anchor, Batch
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import Signer, recover
from ledger_node.domain.status import changes_digest

_OVERTAKEN: Final = frozenset({"BatchNumberNotNext", "BatchPreviousRootWrong"})
_TRIES: Final = 5
"""Somebody else would have to anchor as often in between; then it is tried again later."""
_log = logging.getLogger(__name__)
_BATCH: Final = table.batch.c
_HELD: Final = table.attestation.c


def anchor(
    ledger: Ledger, order: BatchOrder, key: Signer, sign_behind: Callable[[BatchOrder, StreamHead], BatchOrder]
) -> tuple[Anchor, Mined]:
    """Return a batch as the ledger holds it, after anchoring it if need be.

    ``key``: what signs for the member now. ``sign_behind``: signs an overtaken batch behind a head and stores it.

    Raises:
        ChainError: the ledger does not answer or refuses; nothing is lost, call it again.
    """
    for _ in range(_TRIES):
        batch = order.batch
        # in this order: what is not anchored after all of it was read can never be any more where it was overtaken
        is_over = _is_over(ledger, order, key)
        head = ledger.stream_head(batch.member, batch.stream)
        known = ledger.find_anchor(batch.member, batch.stream, batch.number)
        if known is not None and known[0].root == batch.root:
            return known
        if known is None and head.number != batch.number - 1:
            raise _contradiction(head, batch.number)
        if known is None and not is_over and head.last_root == batch.previous_root:
            try:
                return ledger.anchor(order)
            except ContractRevertError as error:
                if error.error not in _OVERTAKEN:
                    raise
                continue
        order = sign_behind(order, head if known is None else ledger.stream_head(batch.member, batch.stream))
        _log.warning(
            "batch %d was overtaken (%s) and is signed anew as number %d",
            batch.number,
            "its key is over" if known is None else "the ledger holds another one under this number",
            order.batch.number,
        )
    raise ChainError(Reason.LEDGER_REFUSED, "others anchor batches of this member all the time; it is tried again")


def _is_over(ledger: Ledger, order: BatchOrder, key: Signer) -> bool:
    """Return whether the key that signed was replaced here and ended on the ledger, so that it never counts again."""
    member = order.batch.member
    signer = recover(order.batch.digest(ledger.anchor_domain), order.signature)
    if signer == key.address:
        return False
    facts = ledger.facts(FactQuery(keys=frozenset({(member, signer)})))
    return facts.keys[member, signer].is_over_at(facts.block_time)


def _contradiction(head: StreamHead, number: int) -> ChainError:
    if head.number < number:
        return ChainError(
            Reason.LEDGER_REFUSED, f"the chain ends at batch {head.number}, before number {number}: it is an older one"
        )
    return ChainError(Reason.LEDGER_UNAVAILABLE, f"the ledger node does not show batch {number}, which it holds")


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
        rows = self._store.rows(pending.order_by(_BATCH.number))
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
        self._store.write(found)

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
