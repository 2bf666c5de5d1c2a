"""Subjects and who controls them: registration, rotation, recovery, holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger_node.chain.port.chain import ChainLedger, Mined
from ledger_node.domain.controller_act import Cancellation, Hold, Rotation
from ledger_node.domain.controller_entry import HOLD_TIME_S, ControllerEntry, ControllerHistory
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.subject import Controllers, Signature

RECOVERY_DELAY_S: Final = 72 * 3600
"""How long controllers have to cancel a recovery at least; the SubjectRegistry enforces this and what follows."""
RECOVERY_LAPSE_S: Final = 30 * 86_400
"""How long a recovery that could be completed stays pending."""
CANCELLATION_MEMORY_S: Final = 365 * 86_400
"""So long a cancellation makes the next one take the threshold, and the wait longer."""
HOLD_INTERVAL_S: Final = 60 * 86_400
"""The time from one hold to the next of the same kind."""
_MAX_DOUBLINGS: Final = 2
_PERSONS_DURING_A_HOLD: Final = 2


@dataclass(frozen=True, slots=True)
class Recovery:
    """The last recovery that was requested of a subject; number 0 for none, ``commitment`` only while it is pending.

    ``registrar`` and ``key`` asked for it. ``completable_at``: when it may take effect, in block time.
    """

    commitment: bytes | None
    number: int
    registrar: bytes
    key: bytes
    completable_at: int

    @property
    def lapses_at(self) -> int:
        """When it is pending no more."""
        return self.completable_at + RECOVERY_LAPSE_S


@dataclass(frozen=True, slots=True)
class SubjectStanding:
    """Cancellations, of which the last was at ``cancelled_at``, and the last hold of each kind; zeros for none."""

    cancelled_at: int
    cancellations: int
    controller_held_at: int
    registrar_held_at: int

    @property
    def held_until(self) -> int:
        """Until when the subject is held; in the past or zero if it is not."""
        held_at = max(self.controller_held_at, self.registrar_held_at)
        return held_at and held_at + HOLD_TIME_S

    def recovery_wait(self, now: int) -> int:
        """Return how long a recovery that is requested at ``now`` waits, in seconds."""
        return RECOVERY_DELAY_S << (min(self.cancellations, _MAX_DOUBLINGS) if self._remembers(now) else 0)

    def needed_to_cancel(self, threshold: int, now: int) -> int:
        """Return how many persons of a set with this threshold cancel a recovery at ``now``."""
        if _is_recent(self.controller_held_at, now):
            # who called the hold says that a key is in the wrong hands, so no single person decides
            return max(threshold, _PERSONS_DURING_A_HOLD)
        return threshold if _is_recent(self.registrar_held_at, now) or self._remembers(now) else 1

    def hold_from(self, *, by_registrar: bool) -> int:
        """Return from when on the registrar, or a controller, may hold the subject (again)."""
        held_at = self.registrar_held_at if by_registrar else self.controller_held_at
        return held_at and held_at + HOLD_INTERVAL_S

    def _remembers(self, now: int) -> bool:
        return self.cancelled_at != 0 and now < self.cancelled_at + CANCELLATION_MEMORY_S


def _is_recent(held_at: int, now: int) -> bool:
    return held_at != 0 and now < held_at + HOLD_TIME_S


class SubjectLedger(ChainLedger, Protocol):
    """Subjects. What controllers sign the ledger checks itself, whoever sends it; the rest the registrar sends."""

    subject_domain: SigningDomain
    """Where signatures on rotations, cancellations and holds count, and ids of subjects come from."""

    def register_subject(self, commitment: bytes, salt: bytes) -> Mined:
        """Register a subject under the id that ``controller_act.subject_id`` gives of this registrar."""

    def subjects_since(self, block: int) -> Sequence[bytes]:
        """Return the ids of all subjects that were registered in this block or later, in their order."""

    def controller_history(self, subject: bytes) -> ControllerHistory:
        """Return all entries and holds of a subject; that of an unknown one has none."""

    def controller_entry(self, subject: bytes, index: int) -> ControllerEntry | None:
        """Return an entry of a subject's controllers, counted from 0, or None beyond the last."""

    def entry_count(self, subject: bytes) -> int:
        """Return how many entries a subject has, which is the index of the next one; 0 if it is not registered."""

    def hold_count(self, subject: bytes) -> int:
        """Return how many holds of a subject there were; the next one has the number after it."""

    def current_entry(self, subject: bytes) -> tuple[int, ControllerEntry] | None:
        """Return the entry in force now and its index, or None where none counts or there is no such subject."""

    def rotate(self, rotation: Rotation, retiring: Controllers, signatures: Sequence[Signature]) -> Mined:
        """Append the controllers of a rotation on signatures of the retiring set, which is shown.

        Raises:
            VerificationError: too few of the set signed, or a signature is none that the chain can check.
        """

    def recovery(self, subject: bytes) -> Recovery:
        """Return the last recovery that was requested of a subject."""

    def standing_of(self, subject: bytes) -> SubjectStanding:
        """Return what cancellations and holds of a subject leave behind."""

    def registrar_of(self, subject: bytes) -> bytes:
        """Return the registrar that may ask for recoveries of a subject, as may its successor."""

    def request_recovery(self, subject: bytes, number: int, entry: int, commitment: bytes) -> Mined:
        """Begin to wait for other controllers; ``entry``: the index that they will have."""

    def cancel_recovery(
        self, cancellation: Cancellation, controllers: Controllers, signatures: Sequence[Signature]
    ) -> Mined:
        """Cancel a pending recovery on signatures of the set in force, which is shown.

        Raises:
            VerificationError: nobody of the set signed, or a signature is none that the chain can check.
        """

    def abandon_recovery(self, subject: bytes, number: int) -> Mined:
        """Call off a pending recovery, as the registrar."""

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        """Append the commitment of a recovery whose time has come."""

    def hold(self, hold: Hold, controllers: Controllers, signature: Signature) -> Mined:
        """Hold a subject on one signature of the set in force, which is shown.

        Raises:
            VerificationError: nobody of the set signed, or the signature is none that the chain can check.
        """

    def hold_by_registrar(self, subject: bytes, number: int) -> Mined:
        """Hold a subject, as its registrar."""
