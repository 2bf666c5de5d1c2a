"""Recording uses before anything is revealed, in groups: one transaction holds all uses that wait."""

import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from api.services.use_claim import UseClaims
from ledger_node import trace
from ledger_node.chain.port import Ledger, StateProof, UseResult
from ledger_node.domain.error import ChainError
from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.evidence.slot import Slots
from ledger_node.domain.reason import Reason

_GROUP: Final = 512


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


@dataclass(frozen=True, slots=True)
class _Waiting:
    consent: bytes
    use: bytes
    slots: Slots
    future: "Future[RecordedUse]"
    trace: trace.Trace | None


class UseRecorder:
    """Callers wait until their use is durably on the ledger; whoever waits together is sent together.

    ``claims`` says durably, where others share the store, that this process is about to record uses.
    """

    def __init__(self, ledger: Ledger, claims: UseClaims | None = None) -> None:
        self._ledger = ledger
        self._claims = claims
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="uses", daemon=True)

    def start(self) -> None:
        """Start recording."""
        self._thread.start()

    def stop(self) -> None:
        """Record what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def record(self, consent: bytes, use: bytes, slots: Slots, *, again: bool = False) -> RecordedUse:
        """Record one use and return what the ledger says of it.

        ``slots``: what will be read at its block. ``again``: an earlier try may have recorded it.

        Raises:
            ChainError: the ledger does not answer; the use may or may not be recorded, reveal nothing.
        """
        if again:
            # first what is on its way, then what is there: the other way round it could land in between
            if self._ledger.is_on_way(use):
                raise ChainError(Reason.LEDGER_UNAVAILABLE, "an earlier try is on its way to the ledger; ask again")
            known = self._ledger.recorded_use(consent, use)
            if known is not None:
                self._claim([(consent, use)])
                return RecordedUse(known, _Group(self._ledger, [slots]))
        future: Future[RecordedUse] = Future()
        self._waiting.put(_Waiting(consent, use, slots, future, trace.current()))
        return future.result()

    def _work(self) -> None:
        running = True
        while running:
            item = self._waiting.get()
            group: list[_Waiting] = []
            while item is not None and len(group) < _GROUP:
                group.append(item)
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
            else:
                if item is None:
                    running = False
                else:
                    self._waiting.put(item)
            if group:
                self._send(group)

    def _send(self, group: Sequence[_Waiting]) -> None:
        try:
            uses = [(one.consent, one.use) for one in group]
            self._claim(uses)
            # one transaction holds them all: it goes under the trace of the first
            with trace.working_for(group[0].trace):
                pairs = list(zip(group, self._ledger.record_uses(uses), strict=True))
            self._drop([one.use for one, result in pairs if not result.recorded])
        except Exception as error:  # noqa: BLE001 - every waiting caller gets the error, whatever it is
            for one in group:
                one.future.set_exception(error)
            return
        together = _Group(self._ledger, [one.slots for one, result in pairs if result.recorded])
        for one, result in pairs:
            one.future.set_result(RecordedUse(result, together))

    def _claim(self, uses: Sequence[tuple[bytes, bytes]]) -> None:
        if self._claims is not None:
            self._claims.claim(uses)

    def _drop(self, uses: Sequence[bytes]) -> None:
        if self._claims is not None:
            self._claims.drop(uses)


def _union(several: Iterable[Slots]) -> Mapping[Contract, Sequence[int]]:
    found: dict[Contract, set[int]] = {}
    for slots in several:
        for contract, listed in slots.items():
            found.setdefault(contract, set()).update(listed)
    return {contract: sorted(listed) for contract, listed in found.items()}
