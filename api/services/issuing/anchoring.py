"""Anchoring signed batches: a batch is sent until the ledger holds it, and is signed again if it cannot be any more.

A batch is signed with its number, the root before it, a deadline, and a key. Before it is anchored, somebody else who
signs for the member may take its number, such as a thief of the key. Or the key ends, or the deadline passes. Then the
batch is signed again, behind the head of the ledger, with the present key of this instance. It is never dropped.
Headers name no batch, so attestations stay the same.

Durable steps; a kill between any two loses nothing:
1. The store holds number, previous root, deadline and signature.
2. The batch is sent.
3. The store holds the anchor.
4. What its list of superseded positions has no room for is set by status changes (``status_change``).
5. The store holds that nothing is left to be set.

Once a batch is signed again under another number or key, its earlier signature can never be anchored. The ledger gives
no number twice, a key that ended never begins again, and block time never goes back. So a batch is anchored once.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, update

from api.services.attestation.stored_attestation import superseded_of
from api.services.issuing.status_change import StatusChanges, deadline_from
from api.storage import table
from api.storage.database import Store
from api.vault.department import Department
from ledger_node.chain.port import BatchOrder, Ledger, Mined, StreamHead
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.batch import ATTESTATIONS, Anchor, Batch
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery, KeyPurpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import Signer, recover
from ledger_node.domain.status import Plane, StatusReason, changes_digest

_OVERTAKEN: Final = frozenset({"BatchNumberNotNext", "BatchPreviousRootWrong"})
_LATE: Final = "BatchPastDeadline"
_TRIES: Final = 5
"""Somebody else would have to anchor as often in between; then it is tried again later."""
_OTHER: Final = "the ledger holds another one under its number"
_PAST: Final = "its deadline has passed"
_ENDED: Final = "its key is over"
_log = logging.getLogger(__name__)
_BATCH: Final = table.batch.c
_HELD: Final = table.attestation.c


def anchor(
    ledger: Ledger, order: BatchOrder, key: Signer, sign_behind: Callable[[BatchOrder, StreamHead], BatchOrder]
) -> tuple[Anchor, Mined]:
    """Return a batch as the ledger holds it, after anchoring it if need be.

    ``key``: what signs for the member now. ``sign_behind``: signs, behind a head, a batch that cannot be anchored as it
    was signed, and stores it.

    Raises:
        ChainError: the ledger does not answer or refuses; nothing is lost, call it again.
    """
    why = None
    for _ in range(_TRIES):
        batch, was_late = order.batch, why == _PAST
        signer = recover(batch.digest(ledger.anchor_domain), order.signature)
        # in this order: what is not anchored after all of it was read can never be any more where it is over
        why = _why_over(ledger, batch, signer, key)
        head = ledger.stream_head(batch.member, batch.stream)
        if head.number >= batch.number:
            known = ledger.find_anchor(batch.member, batch.stream, batch.number, since=order.since)
            if known is None:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE, f"the ledger node does not show batch {batch.number}, which it holds"
                )
            if known[0].root == batch.root:
                return known
            why = _OTHER
        elif head.number < batch.number - 1:
            raise ChainError(
                Reason.LEDGER_REFUSED,
                f"the chain ends at batch {head.number}, before number {batch.number}: it is an older one",
            )
        elif why is None and head.last_root == batch.previous_root:
            try:
                return ledger.anchor(order)
            except ContractRevertError as error:
                # of a ledger that stands still nothing says that its time is past the deadline. Two signatures of one
                # key for one place anchor once, so it is signed anew all the same
                if error.error in _OVERTAKEN:
                    continue
                if error.error != _LATE or signer != key.address or was_late:
                    raise
                why = _PAST
        order = sign_behind(order, head)
        _log.warning("batch %d is signed anew as number %d: %s", batch.number, order.batch.number, why or _OTHER)
    raise ChainError(Reason.LEDGER_REFUSED, "others anchor batches of this member all the time; it is tried again")


def _why_over(ledger: Ledger, batch: Batch, signer: bytes, key: Signer) -> str | None:
    """Return why a signature never counts again: its deadline, or its key, which was replaced here and ended there."""
    if signer == key.address:
        return _PAST if ledger.head().time > batch.deadline else None
    facts = ledger.facts(FactQuery(keys=frozenset({(batch.member, signer)})))
    if facts.block_time > batch.deadline:
        return _PAST
    return _ENDED if facts.keys[batch.member, signer].is_over_at(facts.block_time) else None


class BatchAnchors:
    """Anchors what one department signed. Whoever calls it holds the lock of the department's issuer.

    ``changes``: set what a batch's list has no room for.
    """

    def __init__(
        self, department: Department, store: Store, ledger: Ledger, changes: StatusChanges, now: Callable[[], int]
    ) -> None:
        self._department = department
        self._store = store
        self._ledger = ledger
        self._changes = changes
        self._now = now

    def anchor_pending(self) -> None:
        """Anchor what was signed and not seen anchored; what cannot be any more is signed anew behind the others.

        Raises:
            ChainError: the ledger does not answer or refuses; nothing is lost.
        """
        pending = select(table.batch).where(_BATCH.member == self._department.member, _BATCH.start.is_(None))
        rows = self._store.rows(pending.order_by(_BATCH.number))
        for row in rows:
            self._anchor(_order(row))

    def mark_pending(self) -> None:
        """Set what the lists of anchored batches had no room for, each on its own.

        Raises:
            ChainError: not all is set; nothing is lost.
        """
        mine = (_BATCH.member == self._department.member) & _BATCH.rest.is_not(None)
        failure: ChainError | None = None
        for row in self._store.rows(select(table.batch).where(mine, _BATCH.start.is_not(None)).order_by(_BATCH.number)):
            try:
                self._changes.change(Plane.SUPERSEDED, StatusReason.NO_LONGER_USED, superseded_of(row.rest))
            except ChainError as error:
                failure = error
            else:
                done = update(table.batch).where(_BATCH.member == row.member, _BATCH.number == row.number)
                self._store.write(done.values(rest=None))
        if failure is not None:
            raise failure

    def _anchor(self, order: BatchOrder) -> None:
        key = self._department.signer(KeyPurpose.ATTEST)
        anchored, mined = anchor(self._ledger, order, key, self._sign_behind)
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
        deadline = deadline_from(self._ledger.next_time(), self._now())
        batch = replace(before, number=number, previous_root=head.last_root, deadline=deadline)
        signature = self._department.signer(KeyPurpose.ATTEST).sign(batch.digest(self._ledger.anchor_domain))
        with self._store.begin() as connection:
            connection.execute(
                update(table.batch)
                .where(_BATCH.member == before.member, _BATCH.number == before.number)
                .values(number=number, previous_root=batch.previous_root, deadline=deadline, signature=signature)
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
    place = (row.number, row.root, row.size, row.previous_root)
    batch = Batch(row.member, ATTESTATIONS, *place, superseded, row.deadline)
    return BatchOrder(batch, row.signature, words, masks, row.signed_since)
