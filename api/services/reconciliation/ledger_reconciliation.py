"""What the ledger holds and the store lacks, after an older store was restored.

An erased key has a tombstone in the key ledger, which never goes back. So an older store finds no key of it.
``foreign_change`` applies what the ledger says of attestations beyond that, and deletes nothing. The operator gets a
list of what the store lacks: it was acknowledged after the copy, and its sender sends it again. Issuing and the access
log go on behind the ledger's numbers by themselves.

It reads from where notifications stand, so it runs before these go on.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, func, select

from api.services.erasure.erasure import unlink_erased
from api.services.erasure.foreign_change import ForeignChanges
from api.services.notification.follower import next_block
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from api.vault.key_ledger import KeyLedger
from ledger_node.chain.port import Ledger
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS
from ledger_node.domain.event import ConsentEvent, ControlEvent, ControlStep, Step
from ledger_node.domain.fact import FactQuery, KeyPurpose

_BLOCKS_AT_ONCE: Final = 256
_LOOKED_AT: Final = 256
_BATCH: Final = table.batch.c
_ENTRIES: Final = (ControlStep.ROTATED, ControlStep.RECOVERED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gap:
    """How much the store lacks. ``batches``: (department, how many, the last number), for each that lacks some."""

    batches: Sequence[tuple[str, int, int]]
    intervals: int
    consents: int
    requests: int
    uses: int
    subjects: int
    controllers: int
    superseded: int
    quarantined: int

    @property
    def is_older(self) -> bool:
        """Whether the store was behind the ledger in what this instance alone writes there."""
        return bool(self.batches or self.intervals)

    def report_lines(self) -> Iterator[str]:
        """Yield what an operator reads of it."""
        for name, count, last in self.batches:
            yield f"batches of {name}: {count}, up to number {last}; it uploads again what it uploaded since the copy"
        parts = (
            ("consents", self.consents, "whoever has the signed terms sends them again"),
            ("requests for consents", self.requests, "the banks ask again"),
            ("uses of consents", self.uses, "the banks alone have the answers and their evidence"),
            ("registrations of firms", self.subjects, "the registrar registers them again"),
            ("changes of who controls a firm", self.controllers, "the registrar erases and registers the firm anew"),
            ("intervals of the access log", self.intervals, "their rows are lost, their anchors stay"),
            ("attestations that the ledger holds superseded or revoked", self.superseded, "their rows are sent again"),
            ("keys that only the ledger calls erased", self.quarantined, "they wait: credence store quarantine list"),
        )
        yield from (f"{what}: {count}; {then}" for what, count, then in parts if count)


class LedgerReconciliation:
    """Finds and closes the gap once, as soon as the ledger answers. ``names``: of this instance's departments."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        changes: ForeignChanges,
        ledger: Ledger,
        names: Mapping[bytes, str],
        operator: bytes,
    ) -> None:
        self._store = store
        self._keys = keys
        self._changes = changes
        self._ledger = ledger
        self._names = names
        self._operator = operator
        self._lock = threading.Lock()
        self._gap: Gap | None = None

    def close(self) -> Gap:
        """Bring the store in step with the ledger and return what it lacks.

        Raises:
            ChainError: the ledger does not answer; call it again.
        """
        with self._lock:
            if self._gap is None:
                gap = self._close()
                if gap.is_older:
                    _log.warning("the store is older than the ledger, as if restored from a copy; it lacks:")
                    for line in gap.report_lines():
                        _log.warning("- %s", line)
                self._gap = gap
            return self._gap

    def _close(self) -> Gap:
        with self._store.connect() as connection:
            first = next_block(connection)
            batches = self._lost_batches(connection, first)
            intervals, _ = self._behind(self._operator, ACCESS_LOG, _last_interval(connection), first)
        ids, changed, head = defaultdict[Step, set[bytes]](set), dict[bytes, int](), self._ledger.head().number
        superseded = quarantined = replayed = 0
        registered = set(self._ledger.subjects_since(first))
        for start in range(first, head + 1, _BLOCKS_AT_ONCE):
            events = self._ledger.events_between(start, min(start + _BLOCKS_AT_ONCE - 1, head))
            for event in events:
                if isinstance(event, ConsentEvent):
                    ids[event.step].add(event.id if event.use is None else event.use)
                elif isinstance(event, ControlEvent) and event.step in _ENTRIES:
                    changed[event.subject] = max(changed.get(event.subject, 0), event.entry or 0)
            effect = self._changes.apply(events)
            superseded, quarantined = superseded + effect.dead, quarantined + effect.quarantined
            replayed += effect.replayed
        if batches or intervals or replayed:
            # an older store still links firms whose keys have tombstones: these are the last word, not the ledger's
            with self._store.begin() as connection:
                unlink_erased(connection, self._keys)
        with self._store.connect() as connection:
            return Gap(
                batches=batches,
                intervals=intervals,
                consents=_unknown(connection, table.consent, "id", ids[Step.GRANTED]),
                requests=_unknown(connection, table.consent_request, "id", ids[Step.REQUESTED]),
                uses=_unknown(connection, table.access_row, "use", ids[Step.USED]),
                subjects=_unknown(connection, table.subject, "id", registered),
                controllers=sum(_lacks_entry(connection, subject, entry) for subject, entry in changed.items()),
                superseded=superseded,
                quarantined=quarantined,
            )

    def _lost_batches(self, connection: Connection, since: int) -> list[tuple[str, int, int]]:
        lost = []
        for member, name in self._names.items():
            known = connection.execute(select(func.max(_BATCH.number)).where(_BATCH.member == member)).scalar_one()
            count, last = self._behind(member, ATTESTATIONS, known or 0, since)
            if count:
                lost.append((name, count, last))
        return lost

    def _behind(self, member: bytes, stream: int, known: int, since: int) -> tuple[int, int]:
        """Return how many batches a stream has behind ``known``, and the last number. ``since``: where to look first.

        None that a key signed which did not count counts here: that is no work of this instance. Only the newest ones
        are looked at.
        """
        last = self._ledger.stream_head(member, stream).number
        if last <= known:
            return 0, last
        first = max(known + 1, last + 1 - _LOOKED_AT)
        numbers = range(first, last + 1)
        anchors = [self._ledger.find_anchor(member, stream, number, since=since) for number in numbers]
        found = [anchor for anchor, _ in filter(None, anchors)]
        facts = self._ledger.facts(FactQuery(keys=frozenset((member, anchor.key) for anchor in found)))
        purpose = KeyPurpose.LOG if stream == ACCESS_LOG else KeyPurpose.ATTEST
        counting = [one for one in found if facts.keys[member, one.key].fault_at(one.anchored_at, purpose) is None]
        return first - known - 1 + len(counting), last


def _last_interval(connection: Connection) -> int:
    return connection.execute(select(func.max(table.access_interval.c.batch_number))).scalar_one() or 0


def _unknown(connection: Connection, where: Table, column: str, ids: set[bytes]) -> int:
    held = where.c[column]
    return len(ids) - len({row[0] for row in rows_among(connection, select(held).where(held.in_(IDS)), sorted(ids))})


def _lacks_entry(connection: Connection, subject: bytes, entry: int) -> bool:
    """Return whether a subject of the store has an entry on the ledger that the store lacks."""
    held = table.subject_controllers.c
    newest = connection.execute(select(func.max(held.entry)).where(held.subject == subject)).scalar_one()
    return newest is not None and newest < entry
