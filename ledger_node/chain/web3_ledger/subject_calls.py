"""The part of the client that reads and writes the SubjectRegistry."""

from ledger_node.chain.port import ControllerEntry, Mined, Recovery, Role
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls


class SubjectCalls(ContractCalls):
    """Subjects and their controllers."""

    def register_subject(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "register", subject, commitment, sender=self._registrar).mined

    def controller_entry(self, subject: bytes, number: int) -> ControllerEntry | None:
        try:
            (entry,) = self._read("SubjectRegistry", "entry", subject, number)
        except ContractRevertError as error:
            if error.error != "SubjectEntryUnknown":
                raise
            return None
        return ControllerEntry(*entry)

    def rotate(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "rotate", subject, commitment, sender=self._registrar).mined

    def recovery(self, subject: bytes) -> Recovery:
        ((commitment, number, requested_at),) = self._read("SubjectRegistry", "recovery", subject)
        return Recovery(commitment if any(commitment) else None, number, requested_at)

    def request_recovery(self, subject: bytes, commitment: bytes) -> Mined:
        return self._write("SubjectRegistry", "requestRecovery", subject, commitment, sender=self._registrar).mined

    def cancel_recovery(self, subject: bytes, number: int, *, by: Role) -> Mined:
        sender = self._registrar if by is Role.REGISTRAR else self._relayer
        return self._write("SubjectRegistry", "cancelRecovery", subject, number, sender=sender).mined

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        return self._write("SubjectRegistry", "completeRecovery", subject, number, sender=self._registrar).mined
