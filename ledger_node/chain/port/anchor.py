"""Anchored batches of members, and the status of what lies in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger_node.chain.port.chain import ChainLedger, Mined
from ledger_node.domain.batch import Anchor, Batch
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.status import Mark, Plane, StatusChange


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a member's stream stands: last batch number (0 for none), positions used, last root."""

    number: int
    total: int
    last_root: bytes


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """A signed batch with the status words that it supersedes.

    ``since``: number of the newest block when its root was signed for the first time: it was anchored behind that.
    """

    batch: Batch
    signature: bytes = field(repr=False)
    words: Sequence[int]
    masks: Sequence[int]
    since: int = 0


class AnchorLedger(ChainLedger, Protocol):
    """Streams of batches, and changes of status. Signatures of members carry both; anyone may send them."""

    anchor_domain: SigningDomain
    """Where signatures on batches and status changes count."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        """Return where a stream stands."""

    def find_anchor(self, member: bytes, stream: int, number: int, *, since: int = 0) -> tuple[Anchor, Mined] | None:
        """Return an anchored batch from its event. ``since``: the block from which on it is looked for first."""

    def anchor(self, order: BatchOrder) -> tuple[Anchor, Mined]:
        """Anchor a signed batch and return it as the chain holds it."""

    def status_number(self, member: bytes) -> int:
        """Return the number of the member's last status change (0 for none)."""

    def status_words(self, member: bytes, words: Sequence[int]) -> Mapping[Plane, Mapping[int, int]]:
        """Return by plane what words of a member's bitmaps hold, by their numbers."""

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        """Set positions of one plane."""

    def mark_digest(self, member: bytes, number: int, *, by_batch: bool) -> bytes:
        """Return the digest of the mark that a status change, or a batch, left; zeros if it set nothing."""

    def status_changes(self, member: bytes) -> Sequence[StatusEvent]:
        """Return every list that set bits of a member, in their order: all of the ledger is looked through for them."""

    def clear_digest(self, mark: bytes) -> bytes:
        """Return the digest of the lists that the council agreed to clear of a mark, by its digest; zeros for none."""

    def clear(self, mark: Mark, words: Sequence[int], masks: Sequence[int], cleared: Sequence[int]) -> Mined:
        """Clear what the council agreed on of a mark. ``masks``: the mark's; ``cleared``: what is to go of them."""

    def confirm(self, mark: Mark, words: Sequence[int], masks: Sequence[int]) -> Mined:
        """Set again what a key set that is not compromised."""
