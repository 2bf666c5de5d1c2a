"""Receipts: where an attestation stands on the chain, without any of its values."""

from sqlalchemy import select

from api.catalogue.datatype import schemas
from api.services.issuer import anchor_of
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.address_book import AddressBook
from ledger_node.domain.canonical import JSON
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.header import Header
from ledger_node.domain.period import Period
from ledger_node.domain.record import to_hex


def receipt_of(store: Store, book: AddressBook, member: bytes, digest: bytes) -> dict[str, JSON] | None:
    """Return the receipt of one attestation of ``member``; ``anchor`` is null until it is on the chain."""
    held, batch = table.attestation, table.batch
    query = (
        select(held, batch.c.number, batch.c.root, batch.c.size, batch.c.start, batch.c.anchored_at, batch.c.key)
        .add_columns(batch.c.transaction, batch.c.block)
        .join(batch, (batch.c.member == held.c.member) & (batch.c.number == held.c.batch))
        .where(held.c.member == member, held.c.digest == digest)
    )
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    header = Header(
        schema_id=schemas()[row.schema].id,
        fields_root=row.fields_root,
        subject_tag=row.subject_tag,
        issuer=row.member,
        issued_at=row.issued_at,
        valid_until=row.valid_until,
        as_of=row.as_of,
        period=Period(row.period_first, row.period_last),
        supersedes=row.supersedes,
        chain_id=book.chain_id,
        anchor_registry=book.contracts["AnchorRegistry"],
    )
    path = [to_hex(row.path[at : at + HASH_BYTES]) for at in range(0, len(row.path), HASH_BYTES)]
    return {
        "attestation": to_hex(digest),
        "header": header.to_json(),
        "anchor": None if row.start is None else anchor_of(row).to_json(),
        "index": row.leaf,
        "path": path,
        "transaction": None if row.transaction is None else to_hex(row.transaction),
        "block": row.block,
    }
