"""Rows for uses that were counted and never answered: the process died between the two.

Without them a firm that compares the ledger with its log would take every crash for a hidden question.
"""

from typing import Final

from sqlalchemy import Connection, select

from api.services.access_log import AccessLog, Asked
from api.services.consent import ConsentService
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.access import AccessRow
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

_INTERVALS_BACK: Final = 2
"""No question takes longer than this many intervals from its use to its row."""


def complete_rows(store: Store, ledger: Ledger, consents: ConsentService, log: AccessLog) -> None:
    """Write a row for every recent use on the ledger that an earlier run recorded and wrote no row of.

    Call it before questions are taken, or one that is under way would be taken for a lost one.

    Raises:
        ChainError: the ledger does not answer.
    """
    with store.connect() as connection:
        since = _first_block(connection)
    for consent, use in ledger.uses_since(since):
        held = consents.find(consent)
        if held is None or _is_logged(store, use):
            continue
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
        log.write([Asked(terms.subject, row)])


def _first_block(connection: Connection) -> int:
    interval = table.access_interval.c
    newest = select(interval.block).where(interval.block.is_not(None)).order_by(interval.number.desc())
    blocks = connection.execute(newest.limit(_INTERVALS_BACK)).scalars().all()
    return int(blocks[-1]) if len(blocks) == _INTERVALS_BACK else 0


def _is_logged(store: Store, use: bytes) -> bool:
    row = table.access_row.c
    with store.connect() as connection:
        return connection.execute(select(row.number).where(row.use == use).limit(1)).first() is not None
