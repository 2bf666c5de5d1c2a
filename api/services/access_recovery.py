"""Rows for uses that were counted and never answered: the process died between the two.

Without them a firm that compares the ledger with its log would take every crash for a hidden question.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from api.services.access_log import AccessLog, Asked, Entry
from api.services.consent import ConsentService
from api.services.use_claim import UseClaims
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.access import AccessRow
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

_INTERVALS_BACK: Final = 2
"""No question takes longer than this many intervals from its use to its row."""


@dataclass(frozen=True, slots=True)
class LostAnswers:
    """Writes the rows of uses whose process died before it wrote them."""

    store: Store
    ledger: Ledger
    consents: ConsentService
    log: AccessLog

    def complete(self, *, restored: bool = False) -> None:
        """Write rows for what earlier runs left. Call it before questions are taken: uses under way are none of them.

        ``restored``: the store was restored from a copy, so no process shares it yet, and claims may lack.

        Raises:
            ChainError: the ledger does not answer.
        """
        if self.store.turns.is_shared and not restored:
            self.complete_left()
            return
        with self.store.connect() as connection:
            since = _first_block(connection)
        for consent, use in self.ledger.uses_since(since):
            self._write(consent, use)

    def complete_left(self) -> None:
        """Write rows for what processes left that shared the store and are gone; others may be at work.

        Raises:
            ChainError: the ledger does not answer.
        """
        claims = UseClaims(self.store)
        for consent, use in claims.left():
            # first what is on its way, then what is there: the other way round it could land in between
            if self.ledger.is_on_way(use):
                continue
            if self.ledger.recorded_use(consent, use) is not None:
                self._write(consent, use)
            claims.drop([use])

    def _write(self, consent: bytes, use: bytes) -> None:
        held = self.consents.find(consent)
        if held is None or _is_logged(self.store, use):
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
        )
        self.log.write(Entry([Asked(terms.subject, row)]))


def _first_block(connection: Connection) -> int:
    interval = table.access_interval.c
    newest = select(interval.block).where(interval.block.is_not(None)).order_by(interval.number.desc())
    blocks = connection.execute(newest.limit(_INTERVALS_BACK)).scalars().all()
    return int(blocks[-1]) if len(blocks) == _INTERVALS_BACK else 0


def _is_logged(store: Store, use: bytes) -> bool:
    row = table.access_row.c
    with store.connect() as connection:
        return connection.execute(select(row.number).where(row.use == use).limit(1)).first() is not None
