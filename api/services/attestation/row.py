"""Attestations as the store holds them: the query, and the domain objects that its rows stand for."""

import json
from typing import Any, Final

from sqlalchemy import select

from api.storage import table
from ledger_node.domain.batch import ATTESTATIONS, Anchor, Header, SignedBatch
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.status import changes_digest
from ledger_node.domain.value import Period

HELD: Final = table.attestation.c
IN_BATCH: Final = (table.batch.c.member == HELD.member) & (table.batch.c.number == HELD.batch)
"""What ties a batch to its attestations."""
JOINED: Final = select(
    table.attestation,
    table.batch.c.number,
    table.batch.c.root,
    table.batch.c.size,
    table.batch.c.previous_root,
    table.batch.c.supersedes.label("supersedes_of_batch"),
    table.batch.c.signature,
    table.batch.c.start,
    table.batch.c.anchored_at,
    table.batch.c.key,
    table.batch.c.transaction,
    table.batch.c.block,
).join(table.batch, IN_BATCH)
"""An attestation with its batch."""


def header_of(row: Any, domain: SigningDomain) -> Header:  # noqa: ANN401 - a row of JOINED
    """Return the header of an attestation."""
    return Header(
        schema_id=row.schema_id,
        fields_root=row.fields_root,
        subject_tag=row.subject_tag,
        issuer=row.member,
        issued_at=row.issued_at,
        valid_until=row.valid_until,
        as_of=row.as_of,
        period=Period(row.period_first, row.period_last),
        supersedes=row.supersedes,
        chain_id=domain.chain_id,
        anchor_registry=domain.contract,
    )


def path_of(row: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - a row of JOINED
    """Return the siblings from an attestation to the root of its batch."""
    return tuple(row.path[at : at + HASH_BYTES] for at in range(0, len(row.path), HASH_BYTES))


def anchor_of(row: Any) -> Anchor:  # noqa: ANN401 - a row of JOINED
    """Return the anchor that a noted batch has on the chain."""
    return Anchor(row.member, ATTESTATIONS, row.number, row.root, row.size, row.start, row.anchored_at, row.key)


def text_of(words: list[int], masks: list[int]) -> str:
    """Return (word, mask) lists as the table of batches keeps them."""
    return json.dumps([words, [hex(mask) for mask in masks]])


def superseded_of(text: str) -> tuple[list[int], list[int]]:
    """Return the (word, mask) lists of a batch as the table keeps them."""
    words, masks = json.loads(text)
    return words, [int(mask, 16) for mask in masks]


def signed_batch_of(row: Any) -> SignedBatch:  # noqa: ANN401 - a row of JOINED
    """Return the department's signature over the batch of an attestation, with what else was signed."""
    return SignedBatch(row.previous_root, changes_digest(*superseded_of(row.supersedes_of_batch)), row.signature)
