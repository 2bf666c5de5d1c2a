"""Recording uses before anything is revealed: one transaction holds all uses that come together."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.services.access_log.use_lease import UseLeases
from ledger_node.chain.port import Block, Ledger, StateProof, UseRefusal, UseResult
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.evidence.slot import Slots
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import LIFETIME, CountedUse, SignedUse


@dataclass(frozen=True, slots=True)
class Use:
    """A use to record. ``slots``: what will be read at its block. ``again``: an earlier try may have recorded it."""

    signed: SignedUse
    slots: Slots
    again: bool = False


@dataclass(frozen=True, slots=True)
class RecordedUse:
    """What the ledger says of a use. ``refusal``: why it was not counted. ``group``: those that went there with it."""

    use: CountedUse
    refusal: UseRefusal | None
    transaction: bytes
    block: Block
    group: "_Group"

    @property
    def recorded(self) -> Inclusion:
        """Where the ledger recorded it."""
        return Inclusion(self.transaction, self.block.number, self.block.hash, self.block.time)

    def state_proof(self, slots: Slots | None = None) -> StateProof:
        """Return the proof of the slots that were named with the use, and of others, at the block of the use.

        ``slots``: other ones, where those are not all that is needed.

        Raises:
            ChainError: the ledger does not answer.
        """
        return self.group.state_proof(self.block) if slots is None else self.group.ledger.state_proof(slots, self.block)

    def counted_together(self, consent: bytes) -> Sequence[CountedUse]:
        """Return the uses of ``consent`` that the transaction of this one counted, in their order."""
        return self.group.counted[consent]


class _Group:
    """Uses of one transaction, whose slots are read together by the first that needs them.

    ``counted``: those that the ledger counted, by consent.
    """

    def __init__(self, ledger: Ledger, uses: Sequence[tuple[Use, CountedUse]]) -> None:
        self.ledger = ledger
        self.counted: dict[bytes, list[CountedUse]] = defaultdict(list)
        for use, counted in uses:
            self.counted[use.signed.consent].append(counted)
        self._slots = _union(use.slots for use, _ in uses)
        self._reading = threading.Lock()
        self._proof: StateProof | None = None

    def state_proof(self, block: Block) -> StateProof:
        with self._reading:
            if self._proof is None:
                self._proof = self.ledger.state_proof(self._slots, block)
            return self._proof


class UseRecorder:
    """Records uses on the ledger.

    ``leases`` say durably, where others share the store, that this process is about to record uses.
    """

    def __init__(self, ledger: Ledger, leases: UseLeases | None = None) -> None:
        self._ledger = ledger
        self._leases = leases

    def record(self, uses: Sequence[Use]) -> list[RecordedUse | Exception]:
        """Record uses durably and return for each what the ledger says of it.

        It is an error where the ledger does not answer: the use may or may not be recorded, reveal nothing. A ticket
        that stands further up in ``uses`` has to wait for that one. Each has an outcome of its own.
        """
        found: dict[int, RecordedUse | Exception] = {}
        tickets: set[bytes] = set()
        for place, use in enumerate(uses):
            if use.signed.ticket in tickets:
                found[place] = _still_pending()
            tickets.add(use.signed.ticket)
            if use.again and place not in found:
                known = self._earlier(use)
                if known is not None:
                    found[place] = known
        wanted = [(place, use) for place, use in enumerate(uses) if place not in found]
        if wanted:
            recorded = self._send([use for _, use in wanted])
            found.update(zip((place for place, _ in wanted), recorded, strict=True))
        return [found[place] for place in range(len(uses))]

    def _earlier(self, use: Use) -> RecordedUse | Exception | None:
        """Return what became of an earlier try, or None if it recorded nothing."""
        try:
            # first what is on its way, then what is there: the other way round it could land in between
            if self._ledger.is_on_way(use.signed.ticket):
                return _still_pending()
            return self._counted(use)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it, and the others of the group their answers
            return error

    def _counted(self, use: Use) -> RecordedUse | None:
        """Return the use if the ledger counted just this ticket before, not too long ago.

        Raises:
            VerificationError: ``answered_late``.
        """
        known = self._ledger.counted_use(use.signed.consent, use.signed.ticket)
        if known is None:
            return None
        counted, at = known
        if self._ledger.head().time - counted.time > LIFETIME:
            raise VerificationError(
                Reason.ANSWERED_LATE, f"this use was counted more than {LIFETIME} seconds ago; sign a new one"
            )
        self._lease([use])
        block = Block(at.block_number, at.block_hash, at.block_time)
        return RecordedUse(counted, None, at.transaction, block, _Group(self._ledger, [(use, counted)]))

    def _send(self, uses: Sequence[Use]) -> Sequence[RecordedUse | Exception]:
        try:
            self._lease(uses)
            results = self._ledger.record_uses([use.signed for use in uses])
            self._release([use for use, result in zip(uses, results, strict=True) if not result.recorded])
        except Exception as error:  # noqa: BLE001 - everybody gets the error, whatever it is
            return [error for _ in uses]
        recorded = [(use, _counted(use, result)) for use, result in zip(uses, results, strict=True) if result.recorded]
        together = _Group(self._ledger, recorded)
        return [self._outcome(use, result, together) for use, result in zip(uses, results, strict=True)]

    def _outcome(self, use: Use, result: UseResult, together: _Group) -> RecordedUse | Exception:
        if result.refusal is UseRefusal.NUMBER_USED:
            # what is sent twice counts once: the number may be taken by this very ticket
            earlier = self._earlier(use)
            if earlier is not None:
                return earlier
        mined = result.mined
        return RecordedUse(_counted(use, result), result.refusal, mined.transaction, mined.block, together)

    def _lease(self, uses: Sequence[Use]) -> None:
        if self._leases is not None:
            self._leases.acquire([(use.signed.consent, use.signed.ticket) for use in uses])

    def _release(self, uses: Sequence[Use]) -> None:
        if self._leases is not None:
            self._leases.cancel([use.signed.ticket for use in uses])


def _counted(use: Use, result: UseResult) -> CountedUse:
    return CountedUse(use.signed.number, use.signed.ticket, result.mined.block.time)


def _still_pending() -> ChainError:
    return ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")


def _union(several: Iterable[Slots]) -> Mapping[Contract, Sequence[int]]:
    found: dict[Contract, set[int]] = {}
    for slots in several:
        for contract, listed in slots.items():
            found.setdefault(contract, set()).update(listed)
    return {contract: sorted(listed) for contract, listed in found.items()}
