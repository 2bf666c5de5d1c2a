"""What follows when the council has something cleared that a compromised key set: it is cleared, and no more than that.

The council agrees on a digest alone, since lists are too long for a proposal; whoever has the lists shows them. For its
own departments this instance does. They follow from the ledger: the lists of the mark, without what good keys named as
well at that time. If no such lists have the digest, the council meant others, and whoever knows them shows them.

A stolen key may also have said what was true. So what is erased here is revoked again, with the present key.

Each is a row of the store until it is done, and is tried on its own. A kill leaves the row, and both land once: the
ledger clears a mark once, and revokes only what is not revoked.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, insert, select

from api.services.attestation.stored_attestation import superseded_of, text_of
from api.services.issuing.issuer import Issuer
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import RestoreEvent, StatusEvent
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import NOBODY, Mark, Plane, StatusReason, changes_digest, fold

_ROW: Final = table.restored_mark.c
_log = logging.getLogger(__name__)


def save_agreed(store: Store, event: RestoreEvent) -> None:
    """Save that the council agreed to clear something of a mark, or that it takes that back."""
    if any(event.clear):
        _save(store, event.member, event.mark, None)


def save_erased(store: Store, event: StatusEvent, positions: Sequence[int]) -> None:
    """Save which positions were cleared of what is erased here."""
    with store.begin() as connection:
        connection.execute(delete(table.restored_mark).where(_ROW.mark == event.mark))
    if positions:
        _save(store, event.member, event.mark, text_of(*fold(positions)))


def _save(store: Store, member: bytes, mark: bytes, again: str | None) -> None:
    with store.begin() as connection:
        connection.execute(delete(table.restored_mark).where(_ROW.mark == mark))
        connection.execute(insert(table.restored_mark).values(mark=mark, member=member, again=again))


class RestoredMarks:
    """Does what follows for the departments of ``issuers``."""

    def __init__(self, store: Store, ledger: Ledger, issuers: Mapping[bytes, Issuer]) -> None:
        self._store = store
        self._ledger = ledger
        self._issuers = issuers

    def waiting(self) -> list[bytes]:
        """Return the digests of the marks of which something is to be done."""
        return self._store.scalars(select(_ROW.mark))

    def resume(self, mark: bytes) -> None:
        """Do what is to be done of a mark.

        Raises:
            ChainError: the ledger does not answer or refuses; nothing is lost.
        """
        row = self._store.row(select(table.restored_mark).where(_ROW.mark == mark))
        if row is None:
            return
        if row.again is None:
            self._clear(row)
        else:
            changes = self._issuers[row.member].status_changes
            changes.change(Plane.REVOKED, StatusReason.ERASED, superseded_of(row.again))
        # what came in between stays
        same = _ROW.again.is_(None) if row.again is None else _ROW.again == row.again
        self._store.write(delete(table.restored_mark).where(_ROW.mark == mark, same))

    def _clear(self, row: Any) -> None:  # noqa: ANN401 - a row of the table
        wanted = self._ledger.clear_digest(row.mark)
        if not any(wanted):
            return
        told = self._ledger.status_changes(row.member)
        event = next((one for one in told if one.mark == row.mark), None)
        if event is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger node does not show a mark, which it holds")
        for cleared in clearable(self._ledger, event, told):
            if changes_digest(event.words, cleared) == wanted:
                self._ledger.clear(mark_of(event), event.words, event.masks, cleared)
                return
        _log.warning(
            "the council has agreed to clear something of mark %s, and no lists of the ledger have its digest: "
            "whoever proposed it shows them",
            row.mark.hex(),
        )


def mark_of(event: StatusEvent) -> Mark:
    """Return the mark that the event of a change tells of."""
    what = (event.number, event.reason, event.changes_digest, event.recorded.block_time)
    return Mark(event.member, event.plane, *what, event.actor, event.key)


def clearable(ledger: Ledger, event: StatusEvent, told: Sequence[StatusEvent]) -> Iterator[list[int]]:
    """Yield what may be cleared of each mask of a mark, without what good keys named as well.

    ``told``: every change of the member. The first is what holds now, and is what a proposal says; those that follow
    leave out ever fewer of the newest good changes, as they held when it was proposed.
    """
    others = [one for one in told if one.plane is event.plane and one.mark != event.mark]
    keys = frozenset((one.actor, one.key) for one in others if one.actor != NOBODY)
    facts = ledger.facts(FactQuery(keys=keys))

    def is_good(one: StatusEvent) -> bool:
        compromised = 0 if one.actor == NOBODY else facts.keys[one.actor, one.key].compromised_from
        return not 0 < compromised <= one.recorded.block_time

    good = [one for one in others if is_good(one)]
    for count in range(len(good), -1, -1):
        named: dict[int, int] = {}
        for one in good[:count]:
            for word, mask in zip(one.words, one.masks, strict=True):
                named[word] = named.get(word, 0) | mask
        yield [mask & ~named.get(word, 0) for word, mask in zip(event.words, event.masks, strict=True)]
