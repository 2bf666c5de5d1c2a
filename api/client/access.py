"""What a subject or a bank does with its rows of the access log: check each of them against the chain."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ledger_node.chain.port import Ledger, Role
from ledger_node.domain.access import AccessRow, Place, require_logged, row_leaf
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row that is what its leaf says. ``row`` is None once it is erased, ``place`` until it is anchored."""

    leaf: bytes
    row: AccessRow | None
    place: Place | None


def check_rows(
    rows: Sequence[JSON], ledger: Ledger, *, keeper: bytes, is_mine: Callable[[AccessRow], bool]
) -> list[CheckedRow]:
    """Check rows of the API against the newest block. ``keeper``: the member whose log it is said to be.

    Raises:
        VerificationError: a row does not check, or is not yours; nothing of the list may be relied on.
        InvalidInputError: a row is malformed.
        ChainError: the node does not answer.
    """
    keepers = {member.id for member in ledger.members() if member.active and Role.RELAYER in member.roles}
    if keeper not in keepers:
        raise VerificationError(Reason.ISSUER_MISMATCH, "the access log is kept by no operator of this consortium")
    read = [_read(item) for item in rows]
    anchors = [row.place.anchor for row, _ in read if row.place is not None]
    facts = ledger.facts(
        FactQuery(
            anchors=frozenset((anchor.member, anchor.stream, anchor.number) for anchor in anchors),
            keys=frozenset((anchor.member, anchor.key) for anchor in anchors),
        )
    )
    for checked, salt in read:
        if checked.row is None:
            continue
        if row_leaf(salt, checked.row) != checked.leaf:
            raise VerificationError(Reason.NOT_IN_BATCH, "a row is not what its leaf says")
        if not is_mine(checked.row):
            raise VerificationError(Reason.SUBJECT_MISMATCH, "a row is about another firm or bank")
        if checked.place is not None:
            require_logged(checked.row, salt, checked.place, facts, keeper=keeper)
    return [checked for checked, _ in read]


def uses_without_row(
    rows: Sequence[CheckedRow], uses: Mapping[bytes, Sequence[CountedUse]]
) -> list[tuple[bytes, bytes]]:
    """Return (consent, use) of every counted use that no row names: the log is not whole."""
    logged: AbstractSet[bytes | None] = {checked.row.use for checked in rows if checked.row is not None}
    tickets = ((consent, use.ticket) for consent, counted in uses.items() for use in counted)
    return [(consent, ticket) for consent, ticket in tickets if ticket not in logged]


def _read(item: JSON) -> tuple[CheckedRow, bytes]:
    record = JsonObject(item, "row")
    leaf = record.blob("leaf")
    place = Place.from_json(record.take("place")) if record.has("place") else None
    row = AccessRow.from_json(record.take("row")) if record.has("row") else None
    salt = record.blob("salt") if record.has("salt") else b""
    record.done()
    return CheckedRow(leaf, row, place), salt
