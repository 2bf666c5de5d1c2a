"""Rule 9: who controls a subject at a time, and whether it is held then.

Which entry counts (``ISubjectRegistry``):

 1. A registration or recovery counts unless the registrar's key that asked for it is compromised from the entry's time
    on, or from before. It is its own root.
 2. A rotation counts if its root does: the retiring controllers signed it, whoever sent it.
 3. In force at a time is, of the entries that began by then, the last one that counts. From an entry that does not, the
    way back is to what was in force before its root. So each root on the way is proven not to count.
 4. A hold stops grants, resumptions and uses for 14 days, or until a recovery completes. Only a recovery that counts
    ends it. In doubt within one second, the hold holds.

Everything is judged by what is known of keys in the facts, so a compromise that is found later takes back what its key
did. It brings no set back that was rotated out, since a rotation rests on its own signatures.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger_node.domain.controller_entry import (
    HOLD_TIME_S,
    ControllerEntry,
    ControllerHistory,
    ControllerQuery,
    EntryKind,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import KeyRecord, LedgerFacts
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers

KeyRecords: TypeAlias = Mapping[tuple[bytes, bytes], KeyRecord]
"""(member, key address) -> validity."""
_NO_CONTROLLERS: Final = "no entry of the subject's controllers counts at that time"


@dataclass(frozen=True, slots=True)
class EntryInForce:
    """An entry that counts, and the one that it rests on; of a registration and a recovery they are the same."""

    index: int
    entry: ControllerEntry
    root_index: int
    root: ControllerEntry


@dataclass(frozen=True, slots=True)
class _Walk:
    """The way from the last entry at a time back to the one that counts; ``steps`` are (index, root's index)."""

    found: EntryInForce | None
    last: int | None
    steps: tuple[tuple[int, int], ...]


def entry_in_force(facts: LedgerFacts, time: int) -> EntryInForce | None:
    """Return who controlled the subject at ``time``, or None where no entry that began by then counts.

    Raises:
        VerificationError: ``state_proof_missing``; the facts do not tell. ``key_compromised``; what they show does not
            count, and they do not tell what did.
    """
    return _walk(_history(facts), facts.keys, time).found


def is_held(facts: LedgerFacts, time: int) -> bool:
    """Return whether the subject was held at ``time``.

    Raises:
        VerificationError: ``state_proof_missing``; the facts do not tell.
    """
    return _is_held(_history(facts), facts.keys, time)


def require_controllers(facts: LedgerFacts, controllers: Controllers, time: int) -> EntryInForce:
    """Require that ``controllers`` were in force at ``time``, and the subject not held: what they signed then counts.

    Raises:
        VerificationError: ``controllers_none_count``, ``controllers_mismatch`` or ``subject_on_hold``; or
            ``state_proof_missing``.
    """
    found = entry_in_force(facts, time)
    if found is None:
        raise VerificationError(Reason.CONTROLLERS_NONE_COUNT, _NO_CONTROLLERS)
    if found.entry.commitment != controllers.commitment:
        raise VerificationError(
            Reason.CONTROLLERS_MISMATCH, "these controllers are not those of the subject at that time"
        )
    require_no_hold(facts, time)
    return found


def require_no_hold(facts: LedgerFacts, time: int) -> None:
    """Require that the subject was not held at ``time``.

    Raises:
        VerificationError: ``subject_on_hold``; or ``state_proof_missing``.
    """
    if is_held(facts, time):
        raise VerificationError(
            Reason.SUBJECT_ON_HOLD, "the firm was held at that time; only withdrawals count during a hold"
        )


def controller_query(
    subject: bytes, history: ControllerHistory, keys: KeyRecords, times: Collection[int]
) -> ControllerQuery:
    """Return exactly what rule 9 takes at ``times``.

    Whoever proves calls it with all that the ledger holds of the subject. Whoever checks calls it with the facts and
    requires the same query again: so nothing is missing and nothing superfluous.

    Raises:
        VerificationError: ``state_proof_missing``; what is known does not tell.
    """
    entries: set[int] = set()
    begins: set[int] = set()
    holds: set[int] = set()
    for time in times:
        walk = _walk(history, keys, time)
        entries.update(index for step in walk.steps for index in step)
        begins.add(0 if walk.last is None else walk.last + 1)
        last_hold = _last_hold(history, time)
        holds |= {last_hold, last_hold + 1} - {0}
    asked = {history.entries[index] for index in entries}
    return ControllerQuery(
        subject,
        frozenset(entries),
        frozenset(begins - entries),
        frozenset(holds),
        frozenset((entry.registrar, entry.key) for entry in asked if entry.kind is not EntryKind.ROTATED),
    )


def _history(facts: LedgerFacts) -> ControllerHistory:
    if facts.controllers is None:
        raise _missing()
    return facts.controllers


def _walk(history: ControllerHistory, keys: KeyRecords, time: int) -> _Walk:
    index = last = _last_entry(history, time)
    steps: list[tuple[int, int]] = []
    while index is not None:
        if steps and index not in history.entries:
            # the facts are those of a set that did count, before its root was found to be compromised
            raise VerificationError(
                Reason.KEY_COMPROMISED, "the registrar's key that these controllers rest on is compromised"
            )
        entry = _entry(history, index)
        root_index = entry.link if entry.kind is EntryKind.ROTATED else index
        root = _entry(history, root_index)
        steps.append((index, root_index))
        if _counts(root, keys):
            return _Walk(EntryInForce(index, entry, root_index, root), last, tuple(steps))
        # links lead to earlier entries, so this ends
        index = root.link if root.kind is EntryKind.RECOVERED and root.link < root_index else None
    return _Walk(None, last, tuple(steps))


def _counts(root: ControllerEntry, keys: KeyRecords) -> bool:
    record = keys.get((root.registrar, root.key))
    if record is None:
        raise _missing()
    return not 0 < record.compromised_from <= root.since


def _last_entry(history: ControllerHistory, time: int) -> int | None:
    """Return the index of the last entry that began by ``time``; the next one is known to have begun later, if ever."""
    known = {**history.begins, **{index: entry.since for index, entry in history.entries.items()}}
    begun = [index for index, since in known.items() if 0 < since <= time]
    last = max(begun, default=None)
    if (0 if last is None else last + 1) not in known:
        raise _missing()
    return last


def _last_hold(history: ControllerHistory, time: int) -> int:
    last = max((number for number, since in history.holds.items() if 0 < since <= time), default=0)
    if last + 1 not in history.holds:
        raise _missing()
    return last


def _is_held(history: ControllerHistory, keys: KeyRecords, time: int) -> bool:
    # an earlier hold ends no later than the last one, so the last one decides
    number = _last_hold(history, time)
    since = history.holds[number] if number else 0
    if not since or time >= since + HOLD_TIME_S:
        return False
    found = _walk(history, keys, time).found
    return found is None or found.root.kind is not EntryKind.RECOVERED or found.root.since <= since


def _entry(history: ControllerHistory, index: int) -> ControllerEntry:
    entry = history.entries.get(index)
    if entry is None:
        raise _missing()
    return entry


def _missing() -> VerificationError:
    return VerificationError(
        Reason.STATE_PROOF_MISSING, "what is proven of the subject does not tell who controlled it at that time"
    )
