"""An attestation of a vault, unsealed: what answers are made from."""

from dataclasses import dataclass, field
from functools import cached_property

from api.services.attestation.commitment_pool import committer_of
from api.vault.cipher import VaultKey
from api.vault.sealed_content import VaultRecord
from ledger_node.domain.batch import Anchor, BatchKey, Header, ShownAttestation, SignedBatch
from ledger_node.domain.commitment import subject_key
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.proof import Prover
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period


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
        return Prover(committer_of(self.header.schema_id), self._secrets.seed, self._secrets.values)

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
