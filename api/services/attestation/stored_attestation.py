"""Attestations as the store holds them: the query, what its rows stand for, and their receipts.

An answer is made from attestations that are unsealed. A receipt shows where one stands on the chain, and no value.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import select

from api.services.attestation.commitment_pool import committer_of
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import VaultKey, VaultRecord
from ledger_node.domain.batch import ATTESTATIONS, Anchor, BatchKey, Header, ShownAttestation, SignedBatch
from ledger_node.domain.canonical import JSON
from ledger_node.domain.commitment import subject_key
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.proof import Prover
from ledger_node.domain.reason import Reason
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
    table.batch.c.deadline,
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
    superseded = changes_digest(*superseded_of(row.supersedes_of_batch))
    return SignedBatch(row.previous_root, superseded, row.deadline, row.signature)


@dataclass(frozen=True, slots=True)
class AttestationQuery:
    """What is looked for: a type of attestation by its name, in whatever version.

    ``period``: None for the newest one of any. ``per``: the values that tell it from others of its period, if they are
    named. ``among``: the departments that it may be of; none for whichever one has it. ``absent``: why there is none,
    where there is none.
    """

    schema: str
    period: Period | None = None
    per: tuple[tuple[str, str], ...] = ()
    among: frozenset[bytes] = frozenset()
    absent: Reason = Reason.NO_ATTESTATION


@dataclass(frozen=True)
class UnsealedAttestation:
    """An attestation and its secrets. ``index``, ``path``: its place in the batch. ``content``: the vault's plaintext.

    What takes work is worked out when it is asked for, which may be in another process.
    """

    header: Header
    anchor: Anchor
    index: int
    path: tuple[bytes, ...]
    batch: SignedBatch
    vault_key: VaultKey
    content: bytes = field(repr=False)

    @property
    def position(self) -> int:
        """Position on the issuer's status bitmaps."""
        return self.anchor.start + self.index

    @property
    def batch_key(self) -> BatchKey:
        """Which batch it is in."""
        return self.anchor.member, self.anchor.stream, self.anchor.number

    @cached_property
    def prover(self) -> Prover:
        """What makes proofs about its values."""
        secrets, header = self._secrets, self.header
        return Prover(committer_of(header.schema_id), secrets.seed, secrets.values, header.fields_root)

    @cached_property
    def shown(self) -> ShownAttestation:
        """What a bank is shown of it."""
        return ShownAttestation(self.header, self.anchor, self.index, self.path, subject_key(self._secrets.seed))

    @cached_property
    def _secrets(self) -> VaultRecord:
        return VaultRecord.from_bytes(self.content)

    def is_shown_in(self, presentation: Presentation) -> bool:
        """Return whether an answer shows this attestation."""
        subject = presentation.subject
        registration = None if subject is None else subject.registration
        return self.shown == registration or self.header.digest in presentation.attestations


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
