"""Recording uses before anything is revealed: one transaction holds all uses that come together."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.services.access_log.writer import UseLeases
from ledger_node.chain.port import Ledger, StateProof, UseResult
from ledger_node.domain.error import ChainError
from ledger_node.domain.evidence.slot import Slots
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Use:
    """A use to record. ``slots``: what will be read at its block. ``again``: an earlier try may have recorded it."""

    consent: bytes
    id: bytes
    slots: Slots
    again: bool = False


@dataclass(frozen=True, slots=True)
class RecordedUse:
    """What the ledger says of a use. ``group``: those that went there with it."""

    result: UseResult
    group: "_Group"

    def state_proof(self) -> StateProof:
        """Return the proof of the slots that were named with the use, and of others, at the block of the use.

        Raises:
            ChainError: the ledger does not answer.
        """
        return self.group.state_proof(self.result)


class _Group:
    """Uses of one transaction, whose slots are read together by the first that needs them."""

    def __init__(self, ledger: Ledger, slots: Iterable[Slots]) -> None:
        self._ledger = ledger
        self._slots = _union(slots)
        self._reading = threading.Lock()
        self._proof: StateProof | None = None

    def state_proof(self, result: UseResult) -> StateProof:
        with self._reading:
            if self._proof is None:
                self._proof = self._ledger.state_proof(self._slots, result.mined.block)
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

        It is an error where the ledger does not answer: the use may or may not be recorded, reveal nothing. So it is
        for one whose id stands further up in ``uses``: the ledger would count it twice. Each has an outcome of its own.
        """
        found: dict[int, RecordedUse | Exception] = {}
        ids: set[bytes] = set()
        for place, use in enumerate(uses):
            if use.id in ids:
                found[place] = _still_pending()
            ids.add(use.id)
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
            if self._ledger.is_on_way(use.id):
                return _still_pending()
            known = self._ledger.recorded_use(use.consent, use.id)
            if known is not None:
                self._lease([use])
        except Exception as error:  # noqa: BLE001 - whoever asked gets it, and the others of the group their answers
            return error
        return None if known is None else RecordedUse(known, _Group(self._ledger, [use.slots]))

    def _send(self, uses: Sequence[Use]) -> Sequence[RecordedUse | Exception]:
        try:
            self._lease(uses)
            results = self._ledger.record_uses([(use.consent, use.id) for use in uses])
            self._release([use.id for use, result in zip(uses, results, strict=True) if not result.recorded])
        except Exception as error:  # noqa: BLE001 - everybody gets the error, whatever it is
            return [error for _ in uses]
        recorded = [use.slots for use, result in zip(uses, results, strict=True) if result.recorded]
        together = _Group(self._ledger, recorded)
        return [RecordedUse(result, together) for result in results]

    def _lease(self, uses: Sequence[Use]) -> None:
        if self._leases is not None:
            self._leases.acquire([(use.consent, use.id) for use in uses])

    def _release(self, uses: Sequence[bytes]) -> None:
        if self._leases is not None:
            self._leases.cancel(uses)


def _still_pending() -> ChainError:
    return ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")


def _union(several: Iterable[Slots]) -> Mapping[Contract, Sequence[int]]:
    found: dict[Contract, set[int]] = {}
    for slots in several:
        for contract, listed in slots.items():
            found.setdefault(contract, set()).update(listed)
    return {contract: sorted(listed) for contract, listed in found.items()}
