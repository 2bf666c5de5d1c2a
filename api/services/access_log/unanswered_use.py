"""Rows for uses that were counted and never answered: the process died between the two.

Without them a firm that compares the ledger with its log would see every crash as a hidden question.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from api.services.access_log.use_lease import UseLeases
from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from api.services.consent.stored_consent import ConsentReader
from api.services.staff.officer import find_officers
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.access import AccessRow
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

_INTERVALS_BACK: Final = 2
"""No question takes longer than this many intervals from its use to its row."""


class UnansweredUses:
    """Writes the rows of uses whose process died before it wrote them; questions may be asked meanwhile.

    ``leases``: of the uses that this process records. ``carries_earlier``: whether a use that an earlier run sent may
    still land on the ledger. ``is_older``: whether the store was restored from a copy that is
    older than the ledger, so that leases may lack; it may raise ChainError while the ledger does not answer.
    """

    def __init__(
        self,
        store: Store,
        ledger: ConsentLedger,
        consents: ConsentReader,
        log: AccessLog,
        leases: UseLeases,
        *,
        carries_earlier: Callable[[], bool] = lambda: False,
        is_older: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._consents = consents
        self._log = log
        self._leases = leases
        self._carries_earlier = carries_earlier
        self._is_older = is_older
        self._is_done = False
        # until earlier runs' uses are looked through, this one's must be known from them
        leases.own = set()

    def waiting(self) -> list[bytes]:
        """Return the ids of uses that processes left which shared the store; b"" while the ledger is not read yet."""
        left = [use for _, use in self._leases.abandoned()] if self._store.locks.is_shared else []
        return left if self._is_done else [b"", *left]

    def resume(self, use: bytes) -> None:
        """Write the rows that ``waiting`` names.

        Raises:
            ChainError: the ledger does not answer.
        """
        # of processes that share the store one writes, and the next one sees it
        with self._store.locks.lock("lost answers"):
            if use:
                self._write_abandoned(use)
            else:
                self._write_unanswered()

    def _write_unanswered(self) -> None:
        if not self._store.locks.is_shared or self._is_older():
            # first what is on its way, then what is there: the other way round it could land in between
            lands_later = self._carries_earlier()
            for consent, counted in self._ledger.uses_since(_first_block(self._store)):
                # first whose it is, then its row: the other way round it could be written in between
                if not self._leases.is_leased(counted.ticket):
                    self._write(consent, counted.ticket)
            if lands_later:
                return
        self._is_done = True
        self._leases.own = None

    def _write_abandoned(self, use: bytes) -> None:
        for consent, abandoned in self._leases.abandoned():
            # first what is on its way, then what is there: the other way round it could land in between
            if abandoned != use or self._ledger.is_on_way(use):
                continue
            if self._ledger.counted_use(consent, use) is not None:
                self._write(consent, use)
            self._leases.cancel([use])

    def _write(self, consent: bytes, use: bytes) -> None:
        held = self._consents.find(consent)
        if held is None or _is_logged(self._store, use):
            return
        terms = held.shown.terms
        row = AccessRow(
            time=0,
            bank=terms.grantee,
            operator=None,
            consent=consent,
            purpose=terms.purpose,
            question="",
            verdict=Outcome.CANNOT_TELL,
            reason=Reason.ANSWER_LOST,
            use=use,
            officer=find_officers(self._store, [use]).get(use),
        )
        self._log.write(AccessEntry([AskedRow(terms.subject, row)]))


def _first_block(store: Store) -> int:
    interval = table.access_interval.c
    newest = select(interval.block).where(interval.block.is_not(None)).order_by(interval.number.desc())
    blocks = store.scalars(newest.limit(_INTERVALS_BACK))
    return int(blocks[-1]) if len(blocks) == _INTERVALS_BACK else 0


def _is_logged(store: Store, use: bytes) -> bool:
    row = table.access_row.c
    return store.row(select(row.number).where(row.use == use).limit(1)) is not None
