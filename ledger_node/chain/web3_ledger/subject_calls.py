"""The part of the client that reads and writes the SubjectRegistry."""

from collections.abc import Sequence
from typing import Any, Final

from ledger_node.chain.artifact import decode_answer
from ledger_node.chain.port import Mined, Recovery, SubjectStanding
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger.contract_calls import GAS_ONE_WRITE, ContractCalls
from ledger_node.domain.controller_act import Cancellation, Hold, Rotation, chain_signatures
from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, EntryKind
from ledger_node.domain.signature import parse_address
from ledger_node.domain.subject import Controllers, Signature

_REGISTRY: Final = "SubjectRegistry"
_GAS_A_SIGNATURE: Final = 600_000
"""A passkey where the chain has no precompile for its curve, with the longest data that counts."""


class SubjectCalls(ContractCalls):
    """Subjects and their controllers."""

    def register_subject(self, commitment: bytes, salt: bytes) -> Mined:
        return self._write(_REGISTRY, "register", commitment, salt, sender=self._registrar).mined

    def controller_history(self, subject: bytes) -> ControllerHistory:
        counts = self._rpc.batch([self._call(_REGISTRY, view, subject) for view in ("count", "holdCount")])
        (entries,) = decode_answer(_REGISTRY, "count", counts[0])
        (holds,) = decode_answer(_REGISTRY, "holdCount", counts[1])
        calls = [self._call(_REGISTRY, "entry", subject, index) for index in range(entries)]
        calls += [self._call(_REGISTRY, "holdOf", subject, number) for number in range(1, holds + 1)]
        answers = self._rpc.batch(calls)
        decoded = [decode_answer(_REGISTRY, "entry", answer)[0] for answer in answers[:entries]]
        held = [decode_answer(_REGISTRY, "holdOf", answer)[0][0] for answer in answers[entries:]]
        return ControllerHistory(
            {index: _entry(fields) for index, fields in enumerate(decoded)},
            {entries: 0},
            {**dict(enumerate(held, start=1)), holds + 1: 0},
        )

    def controller_entry(self, subject: bytes, index: int) -> ControllerEntry | None:
        found = self._read_unless("SubjectEntryUnknown", "entry", subject, index)
        return None if found is None else _entry(found[0])

    def entry_count(self, subject: bytes) -> int:
        return int(self._read(_REGISTRY, "count", subject)[0])

    def hold_count(self, subject: bytes) -> int:
        return int(self._read(_REGISTRY, "holdCount", subject)[0])

    def current_entry(self, subject: bytes) -> tuple[int, ControllerEntry] | None:
        found = self._read_unless("SubjectNoneCounts SubjectUnknown", "current", subject)
        return None if found is None else (found[0], _entry(found[1]))

    def rotate(self, rotation: Rotation, retiring: Controllers, signatures: Sequence[Signature]) -> Mined:
        digest, needed = rotation.digest(self.subject_domain), retiring.threshold
        return self._write_signed(
            "rotate",
            rotation.subject,
            rotation.entry,
            rotation.controllers.commitment,
            rotation.text_digest,
            rotation.deadline,
            _shown(retiring),
            chain_signatures(retiring, digest, signatures, needed),
            signatures=len(signatures),
        )

    def recovery(self, subject: bytes) -> Recovery:
        views = ("recovery", "isRecoveryPending")
        answers = self._rpc.batch([self._call(_REGISTRY, view, subject) for view in views])
        (fields,), (is_pending,) = (decode_answer(_REGISTRY, *each) for each in zip(views, answers, strict=True))
        commitment, registrar, key, number, completable_at = fields
        return Recovery(
            commitment if is_pending else None, number, registrar, parse_address(key, "key"), completable_at
        )

    def standing_of(self, subject: bytes) -> SubjectStanding:
        ((cancelled_at, cancellations, controller_held_at, registrar_held_at),) = self._read(
            _REGISTRY, "standing", subject
        )
        return SubjectStanding(cancelled_at, cancellations, controller_held_at, registrar_held_at)

    def registrar_of(self, subject: bytes) -> bytes:
        return bytes(self._read(_REGISTRY, "registrarOf", subject)[0])

    def request_recovery(self, subject: bytes, number: int, entry: int, commitment: bytes) -> Mined:
        args = (subject, number, entry, commitment)
        return self._write(_REGISTRY, "requestRecovery", *args, sender=self._registrar).mined

    def cancel_recovery(
        self, cancellation: Cancellation, controllers: Controllers, signatures: Sequence[Signature]
    ) -> Mined:
        digest = cancellation.digest(self.subject_domain)
        return self._write_signed(
            "cancelRecovery",
            cancellation.subject,
            cancellation.number,
            cancellation.deadline,
            _shown(controllers),
            # how many it takes, the chain knows
            chain_signatures(controllers, digest, signatures, 1),
            signatures=len(signatures),
        )

    def abandon_recovery(self, subject: bytes, number: int) -> Mined:
        return self._write(_REGISTRY, "abandonRecovery", subject, number, sender=self._registrar).mined

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        return self._write(_REGISTRY, "completeRecovery", subject, number, sender=self._registrar).mined

    def hold(self, hold: Hold, controllers: Controllers, signature: Signature) -> Mined:
        (signed,) = chain_signatures(controllers, hold.digest(self.subject_domain), [signature], 1)
        return self._write_signed(
            "hold", hold.subject, hold.number, hold.deadline, _shown(controllers), signed, signatures=1
        )

    def hold_by_registrar(self, subject: bytes, number: int) -> Mined:
        return self._write(_REGISTRY, "holdByRegistrar", subject, number, sender=self._registrar).mined

    def _read_unless(self, errors: str, view: str, *args: object) -> tuple[Any, ...] | None:
        try:
            return self._read(_REGISTRY, view, *args)
        except ContractRevertError as error:
            if error.error not in errors.split():
                raise
            return None

    def _write_signed(self, function: str, *args: object, signatures: int) -> Mined:
        gas = GAS_ONE_WRITE + _GAS_A_SIGNATURE * signatures
        return self._write(_REGISTRY, function, *args, gas=gas, sender=self._anyone()).mined

    def _anyone(self) -> Sender | None:
        return self._relayer or self._registrar


def _entry(fields: Sequence[Any]) -> ControllerEntry:
    commitment, key, since, kind, link, registrar = fields
    return ControllerEntry(commitment, parse_address(key, "key"), since, EntryKind(kind), link, registrar)


def _shown(controllers: Controllers) -> tuple[bytes, int, bytes]:
    """Return a set as the contract's struct Controllers."""
    return controllers.salt, controllers.threshold, controllers.packed
