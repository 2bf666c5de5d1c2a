"""Receipts: where an attestation stands on the chain, without any of its values."""

from api.services.attestation.row import HELD, JOINED, anchor_of, header_of, path_of
from api.storage.database import Store
from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import to_hex


def receipt_of(store: Store, domain: SigningDomain, member: bytes, digest: bytes) -> dict[str, JSON] | None:
    """Return the receipt of one attestation of ``member``; ``anchor`` is null until it is on the chain."""
    row = store.row(JOINED.where(HELD.member == member, HELD.digest == digest))
    if row is None:
        return None
    return {
        "attestation": to_hex(digest),
        "header": header_of(row, domain).to_json(),
        "anchor": None if row.start is None else anchor_of(row).to_json(),
        "index": row.leaf,
        "path": [to_hex(sibling) for sibling in path_of(row)],
        "transaction": None if row.transaction is None else to_hex(row.transaction),
        "block": row.block,
    }
