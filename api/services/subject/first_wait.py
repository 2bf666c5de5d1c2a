"""The wait after a registration: a firm that is new grants nothing and reads nothing for a day.

The firm is told at the address of the business register. Whoever enrolled in its place is found out before it counts.
"""

from sqlalchemy import func, select

from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason


class FirstWait:
    """Says from when on a firm grants. ``wait_s``: how long after its registration, in seconds."""

    def __init__(self, store: Store, wait_s: int) -> None:
        self._store = store
        self._wait_s = wait_s

    def ends_at(self, subject: bytes) -> int | None:
        """Return when the wait of a firm ends, or None: it was registered before there was such a wait."""
        held, firm = table.invitation.c, table.subject.c
        times = (
            self._store.scalar(select(func.max(held.registered_at)).where(held.subject == subject)),
            self._store.scalar(select(firm.waits_since).where(firm.id == subject)),
        )
        known = [time for time in times if time is not None]
        return max(known) + self._wait_s if known else None

    def require_over(self, subject: bytes, now: int) -> None:
        """Require that a firm does not wait any more.

        Raises:
            VerificationError: ``subject_new``.
        """
        ends = self.ends_at(subject)
        if ends is not None and now < ends:
            raise VerificationError(
                Reason.SUBJECT_NEW, "this firm was registered a short time ago; it can do this when a day has gone by"
            )
