"""The part of the client that reads and writes the SubjectRegistry."""

from collections.abc import Sequence

from typing_extensions import override

from ledger_node.chain.port import ControllerEntry, Mined, Recovery, Role, SubjectLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.eip712 import SigningDomain


class SubjectCalls(ContractCalls, SubjectLedger):
    """Subjects and their controllers."""

    @property
    @override
    def subject_domain(self) -> SigningDomain:
        return self._domains["SubjectRegistry"]

    @override
    def subjects_since(self, block: int) -> Sequence[bytes]:
        return self._events.subjects_since(block)

    @override
    def register_subject(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "register", subject, commitment, sender=self._registrar).mined

    @override
    def controller_entry(self, subject: bytes, number: int) -> ControllerEntry | None:
        try:
            (entry,) = self._read("SubjectRegistry", "entry", subject, number)
        except ContractRevertError as error:
            if error.error != "SubjectEntryUnknown":
                raise
            return None
        return ControllerEntry(*entry)

    @override
    def rotate(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "rotate", subject, commitment, sender=self._registrar).mined

    @override
    def recovery(self, subject: bytes) -> Recovery:
        ((commitment, number, requested_at),) = self._read("SubjectRegistry", "recovery", subject)
        return Recovery(commitment if any(commitment) else None, number, requested_at)

    @override
    def request_recovery(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "requestRecovery", subject, commitment, sender=self._registrar).mined

    @override
    def cancel_recovery(self, subject: bytes, number: int, *, by: Role) -> Mined:
        sender = self._registrar if by is Role.REGISTRAR else self._relayer
        return self._write("SubjectRegistry", "cancelRecovery", subject, number, sender=sender).mined

    @override
    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        return self._write("SubjectRegistry", "completeRecovery", subject, number, sender=self._registrar).mined
