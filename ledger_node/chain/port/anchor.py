"""Anchored batches of members, and the status of what lies in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger_node.chain.port.chain import ChainLedger, Mined
from ledger_node.domain.batch import Anchor, Batch
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.status import StatusChange


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a member's stream stands: last batch number (0 for none), positions used, last root."""

    number: int
    total: int
    last_root: bytes


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """A signed batch with the status words that it supersedes."""

    batch: Batch
    signature: bytes = field(repr=False)
    words: Sequence[int]
    masks: Sequence[int]


@dataclass(frozen=True, slots=True)
class SignedChange:
    """A status change as a transaction asks for it, and the address of the key that signed it."""

    change: StatusChange
    key: bytes


class AnchorLedger(ChainLedger, Protocol):
    """Streams of batches, and status changes. Signatures of members carry both; the relayer only sends them."""

    anchor_domain: SigningDomain
    """Where signatures on batches and status changes count."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        """Return where a stream stands."""

    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        """Return an anchored batch from its event."""

    def anchor(self, order: BatchOrder) -> tuple[Anchor, Mined]:
        """Anchor a signed batch and return it as the chain holds it."""

    def status_number(self, member: bytes) -> int:
        """Return the number of the member's last status change (0 for none)."""

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        """Set positions of one plane."""

    def signed_change(self, transaction: bytes) -> SignedChange | None:
        """Return the status change that a transaction itself asks the registry for, or None."""
