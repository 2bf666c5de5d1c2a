"""Status changes that the ledger holds and that nobody ordered here: what they do to the store, and what they never do.

The ledger alone never makes this instance delete anything. If it calls attestations erased whose keys are still here,
the keys go into quarantine, and the operator is told. A change counts for nothing here if its key did not count when it
was made, or was marked as compromised from an earlier time.

An attestation that the ledger holds revoked or superseded proves nothing any more, and no status goes back. So its row
is new again when the department sends it.

The operator decides about a quarantine: the keys go, or they open again. A decision is written to the store first,
then to the key ledger. A kill in between leaves it undecided: decide again. Confirming notes keys for removal; the
instance removes them, since it knows of the copy.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select, update

from api.services.attestation.stored_attestation import text_of
from api.services.idempotency.attempt import forget_responses_about
from api.services.issuing.row_classifier import NO_TAG
from api.storage import table
from api.storage.database import CHUNK, IDS, Store, chunks, rows_among
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.vault.quarantine import Quarantine, QuarantineState
from ledger_node.chain.port import Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.event import Inclusion, LedgerEvent, StatusEvent
from ledger_node.domain.fact import FactQuery, KeyPurpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import WORD_BITS, Plane, StatusReason, fold
from ledger_node.randomness import random_bytes

_NEWEST: Final = 64
_HELD: Final = table.attestation.c
_BATCH: Final = table.batch.c
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _StatusChange:
    """What one transaction did to one plane of a member."""

    member: bytes
    plane: Plane
    reason: int
    recorded: Inclusion
    positions: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes did: keys that went into quarantine, and live attestations that prove nothing any more."""

    quarantined: int = 0
    dead: int = 0


class ForeignChanges:
    """Applies what the ledger says of the attestations of this instance's departments. ``names``: of these."""

    def __init__(self, store: Store, keys: KeyLedger, ledger: Ledger, names: Mapping[bytes, str]) -> None:
        self._store = store
        self._keys = keys
        self._ledger = ledger
        self._names = names

    def apply(self, events: Iterable[LedgerEvent]) -> Effect:
        """Apply the events of some blocks, in their order; those that were applied before change nothing.

        Raises:
            ChainError: the ledger does not answer; call it again.
        """
        changes: dict[tuple[bytes, Plane, int, bytes], _StatusChange] = {}
        for event in events:
            if isinstance(event, StatusEvent) and event.member in self._names:
                name = (event.member, event.plane, event.reason, event.recorded.transaction)
                first = _StatusChange(event.member, event.plane, event.reason, event.recorded)
                change = changes.setdefault(name, first)
                bits = (bit for bit in range(WORD_BITS) if event.mask >> bit & 1)
                change.positions.update(event.word * WORD_BITS + bit for bit in bits)
        effects = [self._apply(change) for change in changes.values()]
        return Effect(sum(one.quarantined for one in effects), sum(one.dead for one in effects))

    def _apply(self, change: _StatusChange) -> Effect:
        if change.plane is Plane.SUPERSEDED:
            return Effect() if self._superseded_here(change) else Effect(dead=self._untag(self._rows(change)))
        signed = self._ledger.signed_change(change.recorded.transaction)
        key = None if signed is None or signed.change.member != change.member else signed.key
        if signed is not None and self._ordered(signed.change.digest(self._ledger.anchor_domain)):
            return Effect()
        rows = self._rows(change)
        dead = self._untag(rows)
        if change.reason != StatusReason.ERASED:
            return Effect(dead=dead)
        fault = None if key is None else self._fault(change, key)
        if fault is not None:
            self._discount(change, rows, fault)
            return Effect(dead=dead)
        return Effect(self._quarantine(change, key, rows), dead)

    def _quarantine(self, change: _StatusChange, key: bytes | None, rows: Sequence[Any]) -> int:
        ids = self._keys.held([*(row.data_key for row in rows), *self._of_subjects(rows)])
        ids -= self._keys.quarantines.hidden(ids)
        if not ids:
            return 0
        recorded = change.recorded
        found = Quarantine(0, change.member, recorded.transaction, recorded.block_number, recorded.block_time, key)
        opened = self._keys.quarantines.open(found, ids)
        if opened is None:
            return 0
        _log.error(
            "quarantine %d: block %d calls %d attestations of %s erased, and nobody ordered that here; their keys stay "
            "and give no answers until you decide: credence store quarantine list",
            opened.number,
            recorded.block_number,
            len(rows),
            self._names[change.member],
        )
        return len(ids)

    def _discount(self, change: _StatusChange, rows: Sequence[Any], fault: Reason) -> None:
        _log.error(
            "block %d calls %d attestations of %s erased under a key that does not count (%s): nothing is erased; "
            "the department sends their rows again",
            change.recorded.block_number,
            len(rows),
            self._names[change.member],
            fault,
        )
        with self._store.begin() as connection:
            register_again(connection, self._keys, [row.digest for row in rows])

    def _ordered(self, digest: bytes) -> bool:
        ordered = table.status_order.c
        return self._store.row(select(ordered.digest).where(ordered.digest == digest)) is not None

    def _superseded_here(self, change: _StatusChange) -> bool:
        """Return whether a batch of this store did it; then it is done there since the batch was signed.

        Older batches than the newest are not looked at: what they superseded is live no longer either way.
        """
        words, masks = fold(change.positions)
        mine = select(_BATCH.supersedes).where(_BATCH.member == change.member).order_by(_BATCH.number.desc())
        return text_of(words, masks) in self._store.scalars(mine.limit(_NEWEST))

    def _fault(self, change: _StatusChange, key: bytes) -> Reason | None:
        facts = self._ledger.facts(FactQuery(keys=frozenset({(change.member, key)})))
        return facts.keys[change.member, key].fault_at(change.recorded.block_time, KeyPurpose.ERASE)

    def _rows(self, change: _StatusChange) -> list[Any]:
        """Return the attestations that a change is about and whose keys are here; the others are erased already."""
        query = (
            select(_HELD.digest, _HELD.data_key, _HELD.leaf, _HELD.live, _HELD.row_tag, _BATCH.start)
            .join(table.batch, (_BATCH.member == _HELD.member) & (_BATCH.number == _HELD.batch))
            .where(_HELD.member == change.member, _BATCH.start.is_not(None))
            .execution_options(yield_per=CHUNK)
        )
        with self._store.connect() as connection:
            rows = [row for row in connection.execute(query) if row.start + row.leaf in change.positions]
        held = self._keys.held([row.data_key for row in rows])
        return [row for row in rows if row.data_key in held]

    def _untag(self, rows: Sequence[Any]) -> int:
        """Let the rows of live attestations be news, and return how many were not yet."""
        digests = [row.digest for row in rows if row.live and row.row_tag != NO_TAG]
        for some in chunks(digests):
            self._store.write(update(table.attestation).where(_HELD.digest.in_(some)).values(row_tag=NO_TAG))
        return len(digests)

    def _of_subjects(self, rows: Sequence[Any]) -> list[bytes]:
        """Return the keys of the credit codes of firms whose registrations these are."""
        registered = select(table.subject.c.data_key).where(table.subject.c.registration.in_(IDS))
        with self._store.connect() as connection:
            return [row.data_key for row in rows_among(connection, registered, [row.digest for row in rows])]


def register_again(connection: Connection, keys: KeyLedger, digests: Sequence[bytes]) -> None:
    """Have the registrations among ``digests`` made anew: the ledger holds them revoked, and no status goes back.

    One whose firm was erased stays as it is.
    """
    subject = table.subject.c
    for some in chunks(digests):
        query = select(subject.id, subject.data_key).where(subject.registration.in_(some))
        rows = connection.execute(query).all()
        held = keys.held([row.data_key for row in rows])
        wanted = subject.id.in_([row.id for row in rows if row.data_key in held])
        connection.execute(update(table.subject).where(wanted).values(registration=None))


def confirm(store: Store, keys: KeyLedger, number: int) -> Quarantine:
    """Have the keys of a change erased, as if their departments had asked, and return what it was.

    Raises:
        InvalidInputError: ``not_found``, or ``request_invalid`` for one that is decided.
    """
    found, ids = _open(keys, number)
    with store.begin() as connection:
        for subject in _subjects_of(connection, ids):
            forget_responses_about(connection, subject.id)
            unlinked = update(table.subject).where(table.subject.c.id == subject.id)
            connection.execute(unlinked.values(subject_index=random_bytes(32)))
        KeyRemovals.schedule(connection, ids, erases=True)
    keys.quarantines.close(number, QuarantineState.CONFIRMED)
    return found


def dismiss(store: Store, keys: KeyLedger, number: int) -> Quarantine:
    """Let the keys of a change open again what they sealed, and return what it was.

    What the ledger holds revoked stays so. Registrations among it are made anew by the instance; the departments send
    the rows of the others again.

    Raises:
        InvalidInputError: ``not_found``, or ``request_invalid`` for one that is decided.
    """
    found, ids = _open(keys, number)
    with store.begin() as connection:
        registered = [subject.registration for subject in _subjects_of(connection, ids) if subject.registration]
        register_again(connection, keys, registered)
    keys.quarantines.close(number, QuarantineState.DISMISSED)
    return found


def _open(keys: KeyLedger, number: int) -> tuple[Quarantine, list[bytes]]:
    found = keys.quarantines.named(number)
    if found.state is not QuarantineState.OPEN:
        raise InvalidInputError(Reason.REQUEST_INVALID, f"quarantine {number} is {found.state.value} already")
    return found, keys.quarantines.keys_of(number)


def _subjects_of(connection: Connection, ids: Collection[bytes]) -> list[Any]:
    subject, wanted = table.subject.c, frozenset(ids)
    query = select(subject.id, subject.registration, subject.data_key).execution_options(yield_per=CHUNK)
    return [row for row in connection.execute(query) if row.data_key in wanted]
