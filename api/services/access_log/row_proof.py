"""Whether rows of the access log stand in the ledger, for the firm that they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger_node.chain.port import Ledger
from ledger_node.domain.access import AccessRow, Place, require_logged, row_leaf
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import FactQuery


class RowProof(StrEnum):
    """What the newest block says of a row: it is anchored, it waits for that, or it is not as it is shown."""

    PROVEN = "proven"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row that was opened. ``place``: where it is anchored, None as long as it waits."""

    leaf: bytes
    salt: bytes
    row: AccessRow
    place: Place | None


def proofs_of(rows: Sequence[OpenRow], ledger: Ledger, *, keeper: bytes) -> Mapping[bytes, RowProof]:
    """Return what the newest block says of each row, by its leaf. ``keeper``: the member whose log it is.

    Raises:
        ChainError: the ledger does not answer.
    """
    anchors = [one.place.anchor for one in rows if one.place is not None]
    facts = ledger.facts(
        FactQuery(
            anchors=frozenset((anchor.member, anchor.stream, anchor.number) for anchor in anchors),
            keys=frozenset((anchor.member, anchor.key) for anchor in anchors),
        )
    )

    def proof_of(one: OpenRow) -> RowProof:
        if row_leaf(one.salt, one.row) != one.leaf:
            return RowProof.FAILED
        if one.place is None:
            return RowProof.WAITING
        try:
            require_logged(one.row, one.salt, one.place, facts, keeper=keeper)
        except VerificationError:
            return RowProof.FAILED
        return RowProof.PROVEN

    return {one.leaf: proof_of(one) for one in rows}
