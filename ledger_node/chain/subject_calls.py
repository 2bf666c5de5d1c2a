"""The part of the web3.py client that reads and writes the SubjectRegistry."""

from abc import ABC, abstractmethod
from typing import Any

from ledger_node.chain.port import ControllerEntry, Mined, Recovery, Role
from ledger_node.chain.receipt import TransactionReceipt
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.sender import Sender


class SubjectCalls(ABC):
    """What the Ledger port says of subjects, in terms of one read and one write."""

    _relayer: Sender | None
    _registrar: Sender | None

    @abstractmethod
    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]: ...

    @abstractmethod
    def _write(self, contract: str, function: str, *args: object, sender: Sender | None) -> TransactionReceipt: ...

    def register_subject(self, subject: bytes, commitment: bytes) -> Mined:
        """Register a subject id with the commitment to its controllers."""
        return self._write("SubjectRegistry", "register", subject, commitment, sender=self._registrar).mined

    def controller_entry(self, subject: bytes, number: int) -> ControllerEntry | None:
        """Return an entry of a subject's controllers, counted from 0, or None beyond the last."""
        try:
            (entry,) = self._read("SubjectRegistry", "entry", subject, number)
        except ContractRevertError as error:
            if error.error != "SubjectEntryUnknown":
                raise
            return None
        return ControllerEntry(*entry)

    def rotate(self, subject: bytes, commitment: bytes) -> Mined:
        """Append a commitment on the present controllers' signatures, which the caller has checked."""
        return self._write("SubjectRegistry", "rotate", subject, commitment, sender=self._registrar).mined

    def recovery(self, subject: bytes) -> Recovery:
        """Return the last recovery that was requested of a subject."""
        ((commitment, number, requested_at),) = self._read("SubjectRegistry", "recovery", subject)
        return Recovery(commitment if any(commitment) else None, number, requested_at)

    def request_recovery(self, subject: bytes, commitment: bytes) -> Mined:
        """Begin to wait for other controllers."""
        return self._write("SubjectRegistry", "requestRecovery", subject, commitment, sender=self._registrar).mined

    def cancel_recovery(self, subject: bytes, number: int, *, by: Role) -> Mined:
        """Cancel a pending recovery, as the relayer or as the registrar."""
        sender = self._registrar if by is Role.REGISTRAR else self._relayer
        return self._write("SubjectRegistry", "cancelRecovery", subject, number, sender=sender).mined

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        """Append the commitment of a recovery whose time has come."""
        return self._write("SubjectRegistry", "completeRecovery", subject, number, sender=self._registrar).mined
