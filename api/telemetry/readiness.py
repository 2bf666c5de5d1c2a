"""Whether an instance can do what banks ask of it: each thing that must be so, and what to do where it is not.

1. An endpoint answers, and is of the chain of the address book.
2. The newest block is not old: see ``head``. The access log anchors at a fixed beat, so an idle chain goes on too.
3. The store can be read, and has not refused the last write.
4. Uses can be sent: not every account that sends them carries a transaction that is stuck. One that is stuck alone
   makes nobody wait, since the others take over, and a registrar's keeps no bank from an answer: these only show.
5. Events become notifications: they do not fail for long. Firms and banks would not learn of withdrawals and thefts.

What waits for the ledger shows as well (``pending``), and makes nobody unready: it is tried on.
"""

from typing import Final

from api.storage.database import Store
from api.telemetry.sampler import HeadAge, Sampler
from api.work.periodic import Periodic
from ledger_node.chain.port import Block, ChainLedger
from ledger_node.chain.sender import Sender
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.reason import Reason

LEAST_HEAD_AGE_S: Final = 300.0
_BEATS: Final = 5


def head_age_limit(access_interval_s: float) -> float:
    """Return the age at which a head is old unless told otherwise: five anchors of the access log that never came."""
    return max(LEAST_HEAD_AGE_S, _BEATS * access_interval_s)


class Readiness:
    """``relaying``: what sends uses. ``notifying``: what turns events into notifications.

    ``limit_s``: when a head is old and a transaction stuck.
    """

    def __init__(
        self,
        store: Store,
        ledger: ChainLedger,
        relaying: Sender,
        head: HeadAge,
        sampler: Sampler,
        notifying: Periodic,
        *,
        limit_s: float,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._relaying = relaying
        self._head = head
        self._sampler = sampler
        self._notifying = notifying
        self._limit_s = limit_s

    def require(self) -> Block:
        """Return the newest block of an instance that is ready.

        Raises:
            ChainError: ``ledger_unavailable``, ``ledger_wrong_chain``, ``ledger_stale``, ``outbox_stuck`` or
                ``notifications_stuck``.
            StoreError: ``store_unavailable``.
        """
        self._ledger.require_same_chain()
        head = self._ledger.head()
        self._head.observe(head)
        age = self._head.age_s
        if age > self._limit_s:
            raise ChainError(
                Reason.LEDGER_STALE,
                f"block {head.number} has been the newest for {age:.0f} s, more than {self._limit_s:.0f}: the chain "
                "stands still; look at the log of the node, or at whether enough validators of the consortium run",
            )
        if not self._sampler.last.store_is_up or self._store.refuses_writes:
            raise StoreError(
                Reason.STORE_UNAVAILABLE,
                "the store refused the last read or write; look at the log, at the space on its disk and at its rights",
            )
        oldest = [health.oldest_s for health in self._relaying.health()]
        if min(oldest) > self._limit_s:
            raise ChainError(
                Reason.OUTBOX_STUCK,
                f"every account that sends uses carries a transaction for more than {self._limit_s:.0f} s (the oldest "
                f"for {max(oldest):.0f}); look at the accounts' permission and gas limits on the nodes",
            )
        failure = self._notifying.failure
        if failure is not None and failure[1] > self._limit_s:
            raise ChainError(
                Reason.NOTIFICATIONS_STUCK,
                f"events of the ledger have not become notifications for more than {self._limit_s:.0f} s "
                f"({failure[0]}); look at the log",
            )
        return head
