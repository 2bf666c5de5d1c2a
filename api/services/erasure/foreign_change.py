"""Status changes that the ledger holds and that nobody ordered here: what they do to the store, and what they never do.

The ledger alone never makes this instance delete anything. If it calls attestations erased whose keys are still here,
the keys go into quarantine, and the operator is told. A change counts for nothing here if its key did not count when it
was made, or was marked as compromised from an earlier time.

An attestation that the ledger holds revoked or superseded proves nothing any more. So its row is new again when the
department sends it. What the council has cleared proves again: its keys leave the quarantine, since nobody calls them
erased any more. What is erased here is revoked again (``restored_mark``).

The operator decides about a quarantine: the keys go, or they open again. A decision is written to the store first,
then to the key ledger. A kill in between leaves it undecided: decide again. Confirming notes keys for removal; the
instance removes them, since it knows of the copy.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from sqlalchemy import Connection, select, update

from api.services.attestation.stored_attestation import text_of
from api.services.erasure.restored_mark import save_agreed, save_erased
from api.services.idempotency.attempt import forget_responses_about
from api.services.issuing.row_classifier import NO_TAG
from api.services.issuing.status_change import was_ordered
from api.storage import table
from api.storage.database import CHUNK, IDS, Store, chunks, rows_among
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.vault.quarantine import Quarantine, QuarantineState
from ledger_node.chain.port import Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.event import LedgerEvent, RestoreEvent, StatusEvent, StatusStep
from ledger_node.domain.fact import FactQuery, KeyPurpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import NOBODY, Plane, StatusReason, is_set, unfold
from ledger_node.randomness import random_bytes

_PURPOSES: Final = {
    StatusReason.SUPERSEDED: KeyPurpose.ATTEST,
    StatusReason.NO_LONGER_USED: KeyPurpose.STATUS,
    StatusReason.ERASED: KeyPurpose.ERASE,
}
"""What the key of a change had to be for, by its reason."""
_CALLED: Final = {Plane.REVOKED: "revoked", Plane.SUPERSEDED: "superseded"}
_HELD: Final = table.attestation.c
_BATCH: Final = table.batch.c
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes did.

    ``quarantined``, ``released``: keys that went into quarantine, or left it, for what the ledger says now. ``dead``:
    live attestations that prove nothing any more. ``replayed``: attestations whose keys have gone already, by an
    erasure that the store does not know.
    """

    quarantined: int = 0
    released: int = 0
    dead: int = 0
    replayed: int = 0


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
        effects = []
        for event in events:
            if isinstance(event, RestoreEvent) and event.member in self._names:
                save_agreed(self._store, event)
            elif isinstance(event, StatusEvent) and event.member in self._names:
                effects.append(self._apply(event))
        return Effect(
            quarantined=sum(one.quarantined for one in effects),
            released=sum(one.released for one in effects),
            dead=sum(one.dead for one in effects),
            replayed=sum(one.replayed for one in effects),
        )

    def _apply(self, event: StatusEvent) -> Effect:
        match event.step:
            case StatusStep.CHANGED:
                return Effect() if self._was_ordered(event) else self._apply_foreign(event)
            case StatusStep.RESTORED:
                return self._release(event)
            case StatusStep.CONFIRMED:
                return Effect(dead=self._untag(self._rows(event)[0]))
            case _:
                assert_never(event.step)

    def _apply_foreign(self, event: StatusEvent) -> Effect:
        rows, gone = self._rows(event)
        dead = self._untag(rows)
        fault = self._fault(event)
        is_erasure = event.reason == StatusReason.ERASED
        if fault is not None:
            self._discount(event, rows, fault)
            return Effect(dead=dead)
        quarantined = self._quarantine(event, rows) if is_erasure else 0
        return Effect(quarantined, dead=dead, replayed=len(gone) if is_erasure else 0)

    def _quarantine(self, event: StatusEvent, rows: Sequence[Any]) -> int:
        ids = self._keys_of(rows)
        ids -= self._keys.quarantines.hidden(ids)
        if not ids:
            return 0
        at = event.recorded
        found = Quarantine(0, event.member, at.transaction, at.block_number, at.block_time, event.key)
        opened = self._keys.quarantines.open(found, ids)
        if opened is None:
            return 0
        _log.error(
            "quarantine %d: block %d calls %d attestations of %s erased, and nobody ordered that here; their keys stay "
            "and give no answers until you decide: credence store quarantine list",
            opened.number,
            at.block_number,
            len(rows),
            self._names[event.member],
        )
        return len(ids)

    def _release(self, event: StatusEvent) -> Effect:
        """Let keys open again what the council has cleared, unless something else calls it erased still."""
        if event.plane is not Plane.REVOKED:
            return Effect()
        held = self._ledger.status_words(event.member, event.words)[event.plane]
        found, gone = self._rows(event)
        # a stolen key may have said what was true: what is erased here stays revoked
        save_erased(self._store, event, [row.start + row.leaf for row in gone])
        rows = [row for row in found if not is_set(held, row.start + row.leaf)]
        released = self._keys.quarantines.release(self._keys_of(rows))
        if released:
            _log.warning(
                "block %d: the council has cleared what was said of attestations of %s; %d keys left the quarantine",
                event.recorded.block_number,
                self._names[event.member],
                released,
            )
        return Effect(released=released)

    def _discount(self, event: StatusEvent, rows: Sequence[Any], fault: Reason) -> None:
        if not rows:
            return
        _log.error(
            "block %d calls %d attestations of %s %s under a key that does not count (%s): nothing is erased; "
            "the department sends their rows again",
            event.recorded.block_number,
            len(rows),
            self._names[event.member],
            "erased" if event.reason == StatusReason.ERASED else _CALLED[event.plane],
            fault,
        )
        with self._store.begin() as connection:
            register_again(connection, self._keys, [row.digest for row in rows])

    def _was_ordered(self, event: StatusEvent) -> bool:
        """Return whether this instance signed it: as a change of status, or with a batch."""
        if event.reason != StatusReason.SUPERSEDED:
            return was_ordered(self._store, event)
        text = text_of(list(event.words), list(event.masks))
        mine = (_BATCH.member == event.member) & (_BATCH.number == event.number) & (_BATCH.supersedes == text)
        return self._store.row(select(_BATCH.number).where(mine)) is not None

    def _fault(self, event: StatusEvent) -> Reason | None:
        """Return why the key of a change does not count; the council's word does."""
        if event.actor == NOBODY:
            return None
        facts = self._ledger.facts(FactQuery(keys=frozenset({(event.actor, event.key)})))
        known = event.reason in set(StatusReason)
        purpose = _PURPOSES[StatusReason(event.reason)] if known else KeyPurpose.STATUS
        return facts.keys[event.actor, event.key].fault_at(event.recorded.block_time, purpose)

    def _rows(self, event: StatusEvent) -> tuple[list[Any], list[Any]]:
        """Return the attestations that an event is about: those whose keys are here, and those whose keys are gone."""
        query = (
            select(_HELD.digest, _HELD.data_key, _HELD.leaf, _HELD.live, _HELD.row_tag, _BATCH.start)
            .join(table.batch, (_BATCH.member == _HELD.member) & (_BATCH.number == _HELD.batch))
            .where(_HELD.member == event.member, _BATCH.start.is_not(None))
            .execution_options(yield_per=CHUNK)
        )
        positions = frozenset(unfold(event.words, event.masks))
        with self._store.connect() as connection:
            rows = [row for row in connection.execute(query) if row.start + row.leaf in positions]
        held = self._keys.held([row.data_key for row in rows])
        return [row for row in rows if row.data_key in held], [row for row in rows if row.data_key not in held]

    def _untag(self, rows: Sequence[Any]) -> int:
        """Let the rows of live attestations be news, and return how many were not yet."""
        digests = [row.digest for row in rows if row.live and row.row_tag != NO_TAG]
        for some in chunks(digests):
            self._store.write(update(table.attestation).where(_HELD.digest.in_(some)).values(row_tag=NO_TAG))
        return len(digests)

    def _keys_of(self, rows: Sequence[Any]) -> set[bytes]:
        """Return the ids of keys that are here: of attestations, and of firms whose registrations these are."""
        registered = select(table.subject.c.data_key).where(table.subject.c.registration.in_(IDS))
        with self._store.connect() as connection:
            found = rows_among(connection, registered, [row.digest for row in rows])
            firms = [row.data_key for row in found]
        return self._keys.held([*(row.data_key for row in rows), *firms])


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
