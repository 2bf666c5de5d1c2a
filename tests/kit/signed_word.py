"""Batches and changes of status that a member's key signed, for whoever sends them."""

from ledger_node.chain.port import BatchOrder
from ledger_node.domain.batch import ATTESTATIONS, Batch
from ledger_node.domain.signature import sign
from ledger_node.domain.status import Mark, Plane, StatusChange, StatusReason, changes_digest, fold
from ledger_node.randomness import random_bytes

SIGNED_FOR_S = 3600


def signed_batch(ledger, member, key, *, stream=ATTESTATIONS, positions=(), **changes):
    """Return a batch behind the head of a stream that supersedes ``positions``; ``changes``: other fields of it."""
    head, (words, masks) = ledger.stream_head(member, stream), fold(positions)
    fields = {
        "member": member,
        "stream": stream,
        "number": head.number + 1,
        "root": random_bytes(32),
        "size": 1,
        "previous_root": head.last_root,
        "superseded_digest": changes_digest(words, masks),
        "deadline": ledger.head().time + SIGNED_FOR_S,
    }
    batch = Batch(**(fields | changes))
    return BatchOrder(batch, sign(batch.digest(ledger.anchor_domain), key), words, masks)


def signed_change(ledger, member, key, positions, *, plane=Plane.REVOKED, reason=StatusReason.ERASED, **changes):
    """Return the next change of a member's statuses, its signature, words and masks."""
    words, masks = fold(positions)
    fields = {
        "member": member,
        "number": ledger.status_number(member) + 1,
        "plane": plane,
        "changes_digest": changes_digest(words, masks),
        "reason": reason,
        "deadline": ledger.head().time + SIGNED_FOR_S,
    }
    change = StatusChange(**(fields | changes))
    return change, sign(change.digest(ledger.anchor_domain), key), words, masks


def mark_of(event):
    """Return the mark that an event of a change tells of."""
    what = (event.number, event.reason, event.changes_digest, event.recorded.block_time)
    mark = Mark(event.member, event.plane, *what, event.actor, event.key)
    assert mark.digest == event.mark
    return mark
