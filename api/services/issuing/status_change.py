"""Changing the status of what a department attested: each change is signed, stored and sent, and lands once.

A list has at most 600 words, so that every network takes it. A longer one is split into several changes. They are
numbered, so one is made at a time, in whatever process.

Durable steps; a kill between any two loses nothing:
1. The store holds the signed change. So it is known again when the ledger tells of it (``was_ordered``).
2. It is sent.

Whoever asked for it asks again until it is done. What the ledger holds by then is left out. A change that was signed
and not seen on the ledger is sent again as it was. It is signed anew if its number was taken, its deadline has passed,
or its key was replaced.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import insert, select

from api.storage import table
from api.storage.database import Store
from api.vault.department import Department
from ledger_node.chain.port import Ledger, Mined
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import recover
from ledger_node.domain.status import Lists, Plane, StatusChange, StatusReason, changes_digest, split, without

SIGNED_FOR_S: Final = 2 * 86_400
"""How long what was signed may wait for the ledger before it is signed anew."""
_OVERTAKEN: Final = "StatusNumberNotNext"
_LATE: Final = "StatusPastDeadline"
_TRIES: Final = 5
_ORDER: Final = table.status_order.c


def deadline_from(time: int, now: int) -> int:
    """Return until when something counts that is signed now.

    ``time``: of the ledger. That of its newest block is enough at first. What was refused is signed anew by the time of
    its next block: a ledger may be ahead of ``now`` by more than two days, and stand still.
    """
    return max(time, now) + SIGNED_FOR_S


class StatusChanges:
    """Changes the status of one department's attestations. ``now``: seconds since 1970-01-01 UTC."""

    def __init__(self, department: Department, store: Store, ledger: Ledger, now: Callable[[], int]) -> None:
        self._department = department
        self._store = store
        self._ledger = ledger
        self._now = now

    def change(self, plane: Plane, reason: StatusReason, lists: Lists) -> Mined | None:
        """Set what is not set yet of (word, mask) lists, and return the last transaction, or None if there was none.

        Raises:
            ChainError: the ledger does not answer or refuses; call it again.
        """
        mined = None
        with self._store.locks.lock("status changes", self._department.member):
            for words, masks in split(*lists):
                mined = self._change(plane, reason, (words, masks)) or mined
        return mined

    def _change(self, plane: Plane, reason: StatusReason, lists: Lists) -> Mined | None:
        member, is_late = self._department.member, False
        for _ in range(_TRIES):
            left = without(lists, self._ledger.status_words(member, lists[0])[plane])
            if not left[0]:
                return None
            change, signature = self._signed(plane, reason, left, is_late=is_late)
            try:
                return self._ledger.change_status(change, signature, *left)
            except ContractRevertError as error:
                # somebody else with the member's key, a thief for one, took the number: it is signed anew behind that
                if error.error not in {_OVERTAKEN, _LATE} or (error.error == _LATE and is_late):
                    raise
                is_late = error.error == _LATE
        raise ChainError(Reason.LEDGER_REFUSED, "others change statuses of this member all the time; it is tried again")

    def _signed(self, plane: Plane, reason: StatusReason, lists: Lists, *, is_late: bool) -> tuple[StatusChange, bytes]:
        """Return a change and its signature, which the store holds: an earlier one, unless it is late, or a new one."""
        member, number = self._department.member, self._ledger.status_number(self._department.member) + 1
        key = self._department.signer(KeyPurpose.ERASE if reason is StatusReason.ERASED else KeyPurpose.STATUS)
        digest, domain, head = changes_digest(*lists), self._ledger.anchor_domain, self._ledger.head()
        if not is_late:
            for row in self._store.rows(_orders(member, number, plane, reason, digest)):
                known = StatusChange(member, number, plane, digest, reason, row.deadline)
                counts = row.deadline >= max(head.time, self._now())
                if counts and recover(known.digest(domain), row.signature) == key.address:
                    return known, row.signature
        time = self._ledger.next_time() if is_late else head.time
        change = StatusChange(member, number, plane, digest, reason, deadline_from(time, self._now()))
        signature = key.sign(change.digest(domain))
        if self._store.row(select(_ORDER.digest).where(_ORDER.digest == change.digest(domain))) is None:
            order = {
                "digest": change.digest(domain),
                "member": member,
                "number": number,
                "plane": int(plane),
                "reason": int(reason),
                "changes": digest,
                "deadline": change.deadline,
                "signature": signature,
            }
            self._store.write(insert(table.status_order), [order])
        return change, signature


def was_ordered(store: Store, event: StatusEvent) -> bool:
    """Return whether a change on the ledger is one that this instance signed."""
    orders = _orders(event.member, event.number, event.plane, event.reason, event.changes_digest)
    return store.row(orders.limit(1)) is not None


def _orders(member: bytes, number: int, plane: int, reason: int, changes: bytes) -> Any:  # noqa: ANN401 - a select
    wanted = (_ORDER.member == member) & (_ORDER.number == number) & (_ORDER.changes == changes)
    return select(table.status_order).where(wanted, _ORDER.plane == int(plane), _ORDER.reason == int(reason))
