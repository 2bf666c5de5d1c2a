"""Subjects and who controls them: registration, rotation, recovery."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger_node.chain.port.chain import ChainLedger, Mined
from ledger_node.chain.port.member import Role
from ledger_node.domain.eip712 import SigningDomain

RECOVERY_DELAY_S: Final = 72 * 3600
"""How long controllers have to cancel a recovery; the SubjectRegistry enforces it."""


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """Who controls a subject from ``since`` on, as the SubjectRegistry holds it: a commitment, and who recorded it."""

    commitment: bytes
    since: int
    registrar: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """The last recovery that was requested of a subject; number 0 for none, ``commitment`` only while it is pending."""

    commitment: bytes | None
    number: int
    requested_at: int

    @property
    def completable_at(self) -> int:
        """When it may take effect, in block time."""
        return self.requested_at + RECOVERY_DELAY_S


class SubjectLedger(ChainLedger, Protocol):
    """Subjects. The registrar sends; who signs for a subject is checked by the caller."""

    subject_domain: SigningDomain
    """Where signatures on rotations and on cancellations of recoveries count."""

    def register_subject(self, subject: bytes, commitment: bytes) -> Mined:
        """Register a subject id with the commitment to its controllers."""

    def subjects_since(self, block: int) -> Sequence[bytes]:
        """Return the ids of all subjects that were registered in this block or later, in their order."""

    def controller_entry(self, subject: bytes, number: int) -> ControllerEntry | None:
        """Return an entry of a subject's controllers, counted from 0, or None beyond the last."""

    def rotate(self, subject: bytes, commitment: bytes) -> Mined:
        """Append a commitment on the present controllers' signatures, which the caller has checked."""

    def recovery(self, subject: bytes) -> Recovery:
        """Return the last recovery that was requested of a subject."""

    def request_recovery(self, subject: bytes, commitment: bytes) -> Mined:
        """Begin to wait for other controllers."""

    def cancel_recovery(self, subject: bytes, number: int, *, by: Role) -> Mined:
        """Cancel a pending recovery: the relayer on a controller's signature, which the caller has checked.

        ``by`` is RELAYER, or REGISTRAR where the registrar itself calls it off.
        """

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        """Append the commitment of a recovery whose time has come."""
