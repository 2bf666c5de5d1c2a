"""The fake's part of what the council decides of statuses: the rules of the AnchorRegistry, in its order."""

from itertools import pairwise

from ledger_node.chain.port import StreamHead
from ledger_node.domain.batch import ATTESTATIONS, NO_ROOT
from ledger_node.domain.event import RestoreEvent, StatusEvent, StatusStep
from ledger_node.domain.hashing import keccak
from ledger_node.domain.status import MAX_WORDS, NOBODY, WORD_BITS, Mark, Plane, StatusReason, changes_digest
from tests.kit.fake_ledger.chain import require

ACTIVE = 1
EMPTY = StreamHead(0, 0, NO_ROOT)
NOTHING = bytes(32)
COUNCIL = keccak(b"Council")[-20:]


class StatusCouncil:
    """What the council of a fake chain decides of statuses. Each call is one transaction of ``self._chain``."""

    def restore(self, mark, clear_digest):
        with self._chain.transaction() as made:
            require_mark(made, mark)
            require(is_compromised(made, mark), "StatusKeyGood")
            made.state.clears[mark.digest] = clear_digest
            made.emit(RestoreEvent(mark.member, mark.digest, mark.key, clear_digest, made.recorded))

    def change_status_for(self, member, plane, reason, words, masks):
        with self._chain.transaction() as made:
            known = made.state.members.get(member)
            require(known is None or known.state != ACTIVE, "StatusMemberActive")
            change_status(made, member, plane, reason, words, masks, NOBODY, COUNCIL)
        return made.mined


def change_status(made, member, plane, reason, words, masks, actor, key):
    """Change a status, whoever does it; a batch does not come here."""
    require(plane in set(Plane), "StatusPlaneUnknown")
    is_known = reason == StatusReason.NO_LONGER_USED or (reason == StatusReason.ERASED and plane == Plane.REVOKED)
    require(is_known, "StatusReasonUnknown")
    require(words, "StatusListEmpty")
    require_below(words, masks, made.state.heads.get((member, ATTESTATIONS), EMPTY).total)
    number = made.state.status_numbers.get(member, 0) + 1
    made.state.status_numbers[member] = number
    set_mark(made, member, plane, number, reason, words, masks, actor, key)


def set_mark(made, member, plane, number, reason, words, masks, actor, key):
    """Set positions, and keep and tell who set them."""
    mark = Mark(member, plane, number, int(reason), changes_digest(words, masks), made.time, actor, key)
    made.state.marks[member, mark.by_batch, number] = mark.digest
    set_words(made, member, plane, words, masks)
    made.emit(StatusEvent.changed(mark, words, masks, made.recorded))


def set_words(made, member, plane, words, masks):
    """Set positions of a plane."""
    for word, mask in zip(words, masks, strict=True):
        before = made.state.status.get((member, plane, word), 0)
        made.state.status[member, plane, word] = before | mask


def clear(made, mark, words, masks, cleared):
    """Clear what the council agreed to clear."""
    require_mark(made, mark)
    require_lists(mark, words, masks)
    require(made.state.clears.get(mark.digest, NOTHING) == changes_digest(words, cleared), "StatusClearNotAgreed")
    require(len(cleared) == len(words), "StatusListsUneven")
    made.state.clears[mark.digest] = NOTHING
    for word, mask, gone in zip(words, masks, cleared, strict=True):
        require(not gone & ~mask, "StatusClearBeyondMark")
        place = mark.member, mark.plane, word
        made.state.status[place] = made.state.status.get(place, 0) & ~gone
    tell(made, StatusStep.RESTORED, mark, words, cleared)


def confirm(made, mark, words, masks):
    """Set again what a good key had set."""
    require_mark(made, mark)
    require_lists(mark, words, masks)
    require(not is_compromised(made, mark), "StatusKeyCompromised")
    set_words(made, mark.member, mark.plane, words, masks)
    tell(made, StatusStep.CONFIRMED, mark, words, masks)


def tell(made, step, mark, words, masks):
    """Tell what became of a mark."""
    lists = tuple(words), tuple(masks)
    made.emit(StatusEvent(step, mark.member, mark.plane, *lists, made.recorded, mark.digest))


def require_mark(made, mark):
    """Require that this mark is on record."""
    held = made.state.marks.get((mark.member, mark.by_batch, mark.number))
    require(held == mark.digest, "StatusMarkUnknown")


def require_lists(mark, words, masks):
    """Require that these lists are a mark's."""
    require(mark.changes_digest == changes_digest(words, masks), "StatusChangesDigestWrong")


def is_compromised(made, mark):
    """Return whether the key was compromised when it set the mark; the council's address is no member's key."""
    record = made.state.keys.get((mark.actor, mark.key))
    return record is not None and 0 < record.compromised_from <= mark.marked_at


def require_below(words, masks, total):
    """Require rising words without empty masks, none of which names a position that is not used yet."""
    require(len(words) == len(masks), "StatusListsUneven")
    require(len(words) <= MAX_WORDS, "StatusListTooLong")
    require(all(one < other for one, other in pairwise(words)), "StatusWordsNotAscending")
    require(all(masks), "StatusMaskEmpty")
    last = words[-1] * WORD_BITS + masks[-1].bit_length() - 1
    require(last < total, "StatusPositionBeyondTotal")
