"""The uses that the ledger counted of a consent, in their order: an answer shows them, and they are replayed.

They are kept in memory, and in the store, as far as this instance has seen them. What is kept may lack uses that others
sent. So it is believed only where its digest is the one that the ledger holds; where it is not, the ledger is read.
"""

import threading
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select

from api.services.access_log.writer import KeptUse
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse, uses_digest

_REMEMBERED: Final = 2048
"""Consents whose uses stay in memory; each has at most 96."""
_USE: Final = table.counted_use.c
_KEPT: Final = (
    select(_USE.number, _USE.ticket, _USE.time).where(_USE.consent == bindparam("consent")).order_by(_USE.place)
)


class FoundUses(NamedTuple):
    """All uses of a consent until a block, in their order, and those of them that the store is not known to have."""

    uses: tuple[CountedUse, ...]
    new: Sequence[KeptUse]


class UseHistory:
    """Finds the uses of consents. Any number of threads may use it."""

    def __init__(self, store: Store, ledger: ConsentLedger) -> None:
        self._store = store
        self._ledger = ledger
        self._guard = threading.Lock()
        self._replays: dict[bytes, _Replay] = {}

    def kept(self, consent: bytes) -> list[CountedUse]:
        """Return the uses of a consent that are kept in the store, in their order."""
        return [CountedUse(row.number, row.ticket, row.time) for row in self._store.rows(_KEPT, {"consent": consent})]

    def until(self, consent: bytes, record: ConsentRecord, latest: Sequence[CountedUse]) -> FoundUses:
        """Return the uses that ``record`` counts. ``latest``: those that were counted last, as far as they are known.

        Raises:
            ChainError: the ledger does not answer, or not yet with all of them.
        """
        with self._guard:
            replay = self._replays.get(consent)
            found = None if replay is None else replay.until(record.uses_digest, latest)
            if found is not None:
                return found
        # what memory lacks is read outside the lock, which others wait for
        kept = self.kept(consent)
        found = self._replayed(consent, kept, record, latest, stored=len(kept))
        if found is None:
            counted = self._ledger.counted_uses([consent], since=record.granted_at)[consent]
            found = self._replayed(consent, counted, record, (), stored=0)
        if found is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show all uses of this consent yet")
        return found

    def note_kept(self, uses: Iterable[KeptUse]) -> None:
        """Take note that the store has these uses."""
        with self._guard:
            for use in uses:
                replay = self._replays.get(use.consent)
                if replay is not None:
                    replay.stored = max(replay.stored, use.place + 1)

    def _replayed(
        self,
        consent: bytes,
        known: Sequence[CountedUse],
        record: ConsentRecord,
        latest: Sequence[CountedUse],
        *,
        stored: int,
    ) -> FoundUses | None:
        """Return the uses if ``known`` leads to what ``record`` counts, and remember them then."""
        replay = _Replay(consent, known, stored)
        found = replay.until(record.uses_digest, latest)
        if found is not None:
            with self._guard:
                if len(self._replays) >= _REMEMBERED:
                    self._replays.clear()
                self._replays[consent] = replay
        return found


class _Replay:
    """Uses of one consent, as they lead from digest to digest. ``stored``: how many of them the store has for sure."""

    def __init__(self, consent: bytes, uses: Iterable[CountedUse], stored: int) -> None:
        self._consent = consent
        self._uses: list[CountedUse] = []
        self._digests = [consent]
        self.stored = stored
        self._append(uses)

    def until(self, digest: bytes, latest: Sequence[CountedUse]) -> FoundUses | None:
        """Return the uses up to ``digest``; where they do not lead there, ``latest`` may follow them."""
        if digest not in self._digests:
            before = len(self._uses)
            self._append(latest)
            # what does not lead to a digest of the ledger is not kept
            count = self._digests.index(digest) if digest in self._digests else before
            del self._uses[count:], self._digests[count + 1 :]
        return self._found(digest) if digest in self._digests else None

    def _append(self, uses: Iterable[CountedUse]) -> None:
        for use in uses:
            self._uses.append(use)
            self._digests.append(uses_digest(self._digests[-1], [use]))

    def _found(self, digest: bytes) -> FoundUses:
        uses = tuple(self._uses[: self._digests.index(digest)])
        return FoundUses(uses, [KeptUse(self._consent, at, uses[at]) for at in range(self.stored, len(uses))])
