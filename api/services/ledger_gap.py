"""What the ledger holds and the store lacks: found when a store was restored that is older than the ledger.

The ledger is right. What it says of attestations that the store has is done here: superseded ones are live no longer,
erased ones lose their keys should an old copy have brought them back. What the store lacks is told in words: it was
acknowledged after the copy, and whoever has it sends it again. Issuing and the access log go on behind the ledger's
numbers by themselves.

It reads from where notifications stand, so it runs before these go on.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select, update

from api.services.erasure import unlink_erased
from api.services.key_removal import KeyRemovals
from api.storage import table
from api.storage.database import Store
from api.storage.notice_table import chain_cursor
from api.vault.key_ledger import KeyLedger
from ledger_node.chain.port import Ledger
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS
from ledger_node.domain.event import ConsentEvent, ControlEvent, ControlStep, LedgerEvent, StatusEvent, Step
from ledger_node.domain.status import WORD_BITS, Plane, StatusReason

_BLOCKS_AT_ONCE: Final = 256
_AT_ONCE: Final = 500
_HELD: Final = table.attestation.c
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
    erased: int

    @property
    def is_older(self) -> bool:
        """Whether the store was behind the ledger in what this instance alone writes there."""
        return bool(self.batches or self.intervals)

    def words(self) -> Iterator[str]:
        """Yield what an operator is told."""
        for name, count, last in self.batches:
            yield f"batches of {name}: {count}, up to number {last}; it uploads again what it uploaded since the copy"
        told = (
            ("consents", self.consents, "whoever has the signed terms sends them again"),
            ("requests for consents", self.requests, "the banks ask again"),
            ("uses of consents", self.uses, "the banks alone have the answers and their evidence"),
            ("registrations of firms", self.subjects, "the registrar registers them again"),
            ("changes of who controls a firm", self.controllers, "the registrar erases and registers the firm anew"),
            ("intervals of the access log", self.intervals, "their rows are lost, their anchors stay"),
            ("attestations that were superseded since", self.superseded, "they are live no longer"),
            ("keys that were erased since", self.erased, "they are erased again"),
        )
        yield from (f"{what}: {count}; {then}" for what, count, then in told if count)


@dataclass(slots=True)
class _Seen:
    superseded: dict[bytes, set[int]] = field(default_factory=dict)
    erased: dict[bytes, set[int]] = field(default_factory=dict)
    consents: set[bytes] = field(default_factory=set)
    requests: set[bytes] = field(default_factory=set)
    uses: set[bytes] = field(default_factory=set)
    entries: dict[bytes, int] = field(default_factory=dict)

    def take(self, events: Iterable[LedgerEvent], own: Mapping[bytes, str]) -> None:
        for event in events:
            match event:
                case StatusEvent() if event.member in own:
                    self._take_status(event)
                case ConsentEvent(step=Step.GRANTED):
                    self.consents.add(event.id)
                case ConsentEvent(step=Step.REQUESTED):
                    self.requests.add(event.id)
                case ConsentEvent(step=Step.USED) if event.use is not None:
                    self.uses.add(event.use)
                case ControlEvent() if event.step in _ENTRIES:
                    self.entries[event.subject] = self.entries.get(event.subject, 0) + 1
                case _:
                    pass

    def _take_status(self, event: StatusEvent) -> None:
        where = self.superseded if event.plane is Plane.SUPERSEDED else self.erased
        if event.plane is Plane.REVOKED and event.reason != StatusReason.ERASED:
            return
        bits = (bit for bit in range(WORD_BITS) if event.mask >> bit & 1)
        where.setdefault(event.member, set()).update(event.word * WORD_BITS + bit for bit in bits)


class LedgerGaps:
    """Finds and closes the gap once, as soon as the ledger answers. ``names``: of this instance's departments."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        ledger: Ledger,
        names: Mapping[bytes, str],
        keeper: bytes,
    ) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._ledger = ledger
        self._names = names
        self._keeper = keeper
        self._lock = threading.Lock()
        self._gap: Gap | None = None

    def close(self) -> Gap:
        """Bring the store in step with the ledger and return what it lacks.

        Raises:
            ChainError: the ledger does not answer; call it again.
            CredenceError: keys cannot be erased everywhere now; call it again.
        """
        with self._lock:
            if self._gap is None:
                gap = self._close()
                if gap.is_older:
                    _log.warning("the store is older than the ledger, as if restored from a copy; it lacks:")
                    for line in gap.words():
                        _log.warning("- %s", line)
                self._gap = gap
            return self._gap

    def _close(self) -> Gap:
        with self._store.connect() as connection:
            first = connection.execute(select(chain_cursor.c.next_block)).scalar_one_or_none() or 0
            batches = self._lost_batches(connection)
            intervals = self._ledger.stream_head(self._keeper, ACCESS_LOG).number - _last_interval(connection)
        seen, head = _Seen(), self._ledger.head().number
        registered = set(self._ledger.subjects_since(first))
        for start in range(first, head + 1, _BLOCKS_AT_ONCE):
            seen.take(self._ledger.events_between(start, min(start + _BLOCKS_AT_ONCE - 1, head)), self._names)
        if not batches and intervals <= 0:
            # an erasure that was interrupted behind its revocation: who asked for it asks again, and is answered
            seen.erased.clear()
        superseded, erased = self._apply(seen)
        with self._store.connect() as connection:
            return Gap(
                batches=batches,
                intervals=max(0, intervals),
                consents=_unknown(connection, table.consent, "id", seen.consents),
                requests=_unknown(connection, table.consent_request, "id", seen.requests),
                uses=_unknown(connection, table.access_row, "use", seen.uses),
                subjects=_unknown(connection, table.subject, "id", registered),
                controllers=sum(_lacks_entries(connection, self._ledger, subject) for subject in seen.entries),
                superseded=superseded,
                erased=erased,
            )

    def _lost_batches(self, connection: Connection) -> list[tuple[str, int, int]]:
        lost = []
        for member, name in self._names.items():
            head = self._ledger.stream_head(member, ATTESTATIONS).number
            known = connection.execute(select(func.max(_BATCH.number)).where(_BATCH.member == member)).scalar_one()
            if head > (known or 0):
                lost.append((name, head - (known or 0), head))
        return lost

    def _apply(self, seen: _Seen) -> tuple[int, int]:
        """Do to attestations of the store what the ledger says of them; return how many that were not done yet."""
        superseded, erased = [], []
        with self._store.connect() as connection:
            for member in seen.superseded.keys() | seen.erased.keys():
                over, gone = seen.superseded.get(member, set()), seen.erased.get(member, set())
                for row in connection.execute(_attestations(member)):
                    position = row.start + row.leaf
                    if position in over and row.live:
                        superseded.append(row.digest)
                    if position in gone:
                        erased.append(row)
        known = self._keys.get([row.data_key for row in erased])
        keys = [row.data_key for row in erased if row.data_key in known]
        digests = [row.digest for row in erased]
        with self._removals.removing() as connection:
            for some in _portions(superseded):
                connection.execute(update(table.attestation).where(_HELD.digest.in_(some)).values(live=0))
            for some in _portions(digests):
                subject = table.subject.c
                of_subjects = connection.execute(select(subject.data_key).where(subject.registration.in_(some)))
                keys += of_subjects.scalars()
            self._removals.note(connection, keys, erases=True)
        if digests:
            with self._store.begin() as connection:
                unlink_erased(connection, self._keys)
        return len(superseded), len(known)


def _last_interval(connection: Connection) -> int:
    return connection.execute(select(func.max(table.access_interval.c.batch_number))).scalar_one() or 0


def _attestations(member: bytes) -> Any:  # noqa: ANN401 - a query
    return (
        select(_HELD.digest, _HELD.data_key, _HELD.leaf, _HELD.live, _BATCH.start)
        .join(table.batch, (_BATCH.member == _HELD.member) & (_BATCH.number == _HELD.batch))
        .where(_HELD.member == member, _BATCH.start.is_not(None))
        .execution_options(yield_per=_AT_ONCE)
    )


def _unknown(connection: Connection, where: Table, column: str, ids: set[bytes]) -> int:
    known = 0
    for some in _portions(sorted(ids)):
        held = where.c[column]
        known += connection.execute(select(func.count(held.distinct())).where(held.in_(some))).scalar_one()
    return len(ids) - known


def _lacks_entries(connection: Connection, ledger: Ledger, subject: bytes) -> bool:
    held = table.subject_controllers.c
    newest = connection.execute(select(func.max(held.entry)).where(held.subject == subject)).scalar_one()
    return newest is not None and ledger.controller_entry(subject, newest + 1) is not None


def _portions(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
