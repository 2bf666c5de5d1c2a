"""The uses that the ledger counted of a consent, in their order: an answer shows them, and they are replayed.

They are kept in the store as far as this instance has seen them. Their digest is compared with the one that the ledger
holds, so what is kept may lack uses that others sent; then the ledger is read.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select

from api.storage import table
from api.storage.database import IDS, Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse, uses_digest

_USE = table.counted_use.c


class UseHistory:
    """Finds the uses of consents."""

    def __init__(self, store: Store, ledger: ConsentLedger) -> None:
        self._store = store
        self._ledger = ledger

    def kept(self, consents: Collection[bytes]) -> dict[bytes, list[CountedUse]]:
        """Return the uses of each of ``consents`` that are kept here, in their order."""
        query = select(table.counted_use).where(_USE.consent.in_(IDS)).order_by(_USE.consent, _USE.place)
        found: dict[bytes, list[CountedUse]] = defaultdict(list)
        for row in self._store.rows(query, {"ids": list(consents)}):
            found[row.consent].append(CountedUse(row.number, row.ticket, row.time))
        return found

    def until(
        self, consent: bytes, digest: bytes, kept: Sequence[CountedUse], new: CountedUse
    ) -> tuple[CountedUse, ...]:
        """Return the uses of a consent whose digest is ``digest``; ``new`` is the one that was counted last.

        Raises:
            ChainError: the ledger does not answer, or not yet with all of them.
        """
        for known in ([*kept, new], kept):
            found = _with_digest(consent, digest, known)
            if found is not None:
                return found
        found = _with_digest(consent, digest, self._ledger.counted_uses([consent])[consent])
        if found is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show all uses of this consent yet")
        return found


def _with_digest(consent: bytes, digest: bytes, uses: Sequence[CountedUse]) -> tuple[CountedUse, ...] | None:
    reached = consent
    for count, use in enumerate(uses, start=1):
        reached = uses_digest(reached, [use])
        if reached == digest:
            return tuple(uses[:count])
    return None
