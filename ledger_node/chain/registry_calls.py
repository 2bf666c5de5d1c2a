"""The parts of the client that read and write the SubjectRegistry and the AnchorRegistry."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import BatchOrder, Block, ControllerEntry, Mined, Recovery, Role, StreamHead
from ledger_node.chain.receipt import TransactionReceipt
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.batch import Anchor
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import StatusChange

GAS_ONE_WRITE: Final = 400_000
_GAS_A_WORD: Final = 40_000


class RegistryCalls(ABC):
    """What the calls of one registry are made of: one read, one look at events, one write."""

    _book: AddressBook
    _rpc: Rpc
    _relayer: Sender | None
    _registrar: Sender | None

    @abstractmethod
    def _read(self, contract: str, function: str, *args: object) -> tuple[Any, ...]: ...

    @abstractmethod
    def _logs(self, contract: str, event: str, *topics: str) -> list[Any]: ...

    @abstractmethod
    def _write(
        self, contract: str, function: str, *args: object, gas: int = GAS_ONE_WRITE, sender: Sender | None = None
    ) -> TransactionReceipt: ...


class SubjectCalls(RegistryCalls):
    """What the Ledger port says of subjects."""

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


class AnchorCalls(RegistryCalls):
    """What the Ledger port says of batches and of status changes."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        """Return where a stream stands."""
        return StreamHead(*self._read("AnchorRegistry", "head", member, stream))

    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        """Return an anchored batch from its event."""
        named = (to_hex(member), _topic(stream), _topic(number))
        logs = self._logs("AnchorRegistry", "BatchAnchored", *named)
        if not logs:
            return None
        log = logs[0]
        receipt = self._rpc.request("eth_getTransactionReceipt", log["transactionHash"])
        anchor = _anchor_of(artifact("AnchorRegistry").event_of(log))
        if anchor is None:
            raise ChainError(Reason.LEDGER_REFUSED, "the ledger returned a log of another contract")
        mined = Mined(
            from_hex(log["transactionHash"], "hash"),
            Block(int(log["blockNumber"], 16), from_hex(log["blockHash"], "hash"), anchor.anchored_at),
            int(receipt["gasUsed"], 16),
        )
        return anchor, mined

    def anchor(self, order: BatchOrder) -> tuple[Anchor, Mined]:
        """Anchor a signed batch and return it as the chain holds it."""
        batch = order.batch
        fields = (
            batch.member,
            batch.stream,
            batch.number,
            batch.root,
            batch.size,
            batch.previous_root,
            batch.superseded_digest,
        )
        args = (fields, order.signature, list(order.words), list(order.masks))
        gas = GAS_ONE_WRITE + _GAS_A_WORD * len(order.words)
        receipt = self._write("AnchorRegistry", "anchor", *args, gas=gas)
        for address, topics, data in receipt.logs:
            if address == self._book.contracts["AnchorRegistry"]:
                anchor = _anchor_of(artifact("AnchorRegistry").event(topics, data))
                if anchor is not None:
                    return anchor, receipt.mined
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger shows no batch in the transaction that was sent for it")

    def status_number(self, member: bytes) -> int:
        """Return the number of the member's last status change (0 for none)."""
        (number,) = self._read("AnchorRegistry", "statusNumber", member)
        return int(number)

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        """Set positions of one plane."""
        fields = (change.member, change.number, int(change.plane), change.changes_digest, int(change.reason))
        args = (fields, signature, list(words), list(masks))
        gas = GAS_ONE_WRITE + _GAS_A_WORD * len(words)
        return self._write("AnchorRegistry", "changeStatus", *args, gas=gas).mined


def _topic(number: int) -> str:
    return f"0x{number:064x}"


def _anchor_of(event: tuple[str, dict[str, Any]] | None) -> Anchor | None:
    if event is None or event[0] != "BatchAnchored":
        return None
    values = event[1]
    return Anchor(
        member=values["member"],
        stream=values["stream"],
        number=values["number"],
        root=values["root"],
        size=values["size"],
        start=values["start"],
        anchored_at=values["anchoredAt"],
        key=bytes.fromhex(values["key"][2:]),
    )
