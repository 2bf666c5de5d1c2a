"""Anchoring an interval of the access log that is closed; one that was overtaken is signed anew (``anchoring``)."""

from typing import Any, Final

from sqlalchemy import select, update

from api.services.issuing.anchoring import anchor
from api.storage import table
from api.storage.database import Store
from api.vault.operator import Operator
from ledger_node.chain.port import BatchOrder, Ledger, StreamHead
from ledger_node.domain.access import CHECKPOINT_SIZE, Checkpoint, Tally
from ledger_node.domain.batch import ACCESS_LOG, Batch
from ledger_node.domain.status import changes_digest

_INTERVAL: Final = table.access_interval.c


def anchor_interval(store: Store, ledger: Ledger, keeper: Operator) -> None:
    """Anchor the interval that is signed and not known to be anchored, if there is one.

    Raises:
        ChainError: the ledger does not answer or refuses; nothing is lost.
    """
    with store.connect() as connection:
        row: Any = connection.execute(select(table.access_interval).where(_INTERVAL.start.is_(None))).first()
    if row is None:
        return

    def save(**values: Any) -> None:  # noqa: ANN401 - values of columns
        with store.begin() as connection:
            connection.execute(update(table.access_interval).where(_INTERVAL.number == row.number).values(values))

    def sign_behind(_: BatchOrder, head: StreamHead) -> BatchOrder:
        # the rows of the interval name it by its number in the store, which stays
        number = head.number + 1
        tally = Tally(row.row_count, row.before, row.after, row.tally_salt)
        root = Checkpoint(number, row.since, row.until, row.root, tally.digest).batch_root
        batch = batch_of(row.member, number, root, head.last_root)
        signature = keeper.signing_key.sign(batch.digest(ledger.anchor_domain))
        save(batch_number=number, batch_root=root, previous_root=head.last_root, signature=signature)
        return BatchOrder(batch, signature, (), ())

    batch = batch_of(row.member, row.batch_number, row.batch_root, row.previous_root)
    order = BatchOrder(batch, row.signature, (), ())
    anchored, mined = anchor(ledger, order, keeper.signing_key, sign_behind)
    save(start=anchored.start, anchored_at=anchored.anchored_at, key=anchored.key, block=mined.block.number)


def batch_of(member: bytes, number: int, root: bytes, previous_root: bytes) -> Batch:
    """Return the batch of one leaf that an interval is anchored as."""
    return Batch(member, ACCESS_LOG, number, root, CHECKPOINT_SIZE, previous_root, changes_digest((), ()))
